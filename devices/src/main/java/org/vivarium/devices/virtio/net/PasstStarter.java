package org.vivarium.devices.virtio.net;

import java.io.IOException;

/** Starts passt and connects to it. */
@FunctionalInterface
public interface PasstStarter {
  /** Starts it as a child of this process. */
  PasstStarter CHILD = PasstProcess::launch;

  /**
   * Starts it and blocks until it is connected.
   *
   * @throws IOException a sentence that says why passt does not run
   */
  PasstProcess start(PasstOptions options) throws IOException, InterruptedException;
}
