package org.vivarium.vmm.client;

/** Hears what a start is busy with. */
@FunctionalInterface
public interface StartProgress {
  /**
   * @param step what is being done, for people: "Downloading linux-image-cloud-amd64"
   * @param done how much of it is done, from 0 to 1, or negative where that is not known
   */
  void step(String step, double done);
}
