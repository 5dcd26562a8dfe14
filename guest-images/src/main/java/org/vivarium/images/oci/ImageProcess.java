package org.vivarium.images.oci;

import java.util.ArrayList;
import java.util.List;

/**
 * A process of an image, which a container runtime or a guest starts alike.
 *
 * @param program full path in the image
 * @param words its arguments, the first of which is its name
 * @param config of the image
 * @param identity who the process is
 */
public record ImageProcess(
    String program, List<String> words, ImageConfig config, Identity identity) {
  /** Copies the list. */
  public ImageProcess {
    words = List.copyOf(words);
  }

  /** The environment, with what container engines add where the image does not say. */
  public List<String> environment() {
    List<String> all = new ArrayList<>();
    if (config.environment().stream().noneMatch(word -> word.startsWith("PATH="))) {
      all.add("PATH=" + ImageConfig.DEFAULT_PATH);
    }
    if (config.environment().stream().noneMatch(word -> word.startsWith("HOME="))) {
      all.add("HOME=" + identity.home());
    }
    all.addAll(config.environment());
    return all;
  }
}
