package org.vivarium.images;

/**
 * Hears how far the making of an image has come.
 *
 * <p>Called on the thread that makes the image, at most some hundred times per step, so that an
 * implementation may draw at each call.
 */
@FunctionalInterface
public interface Progress {
  /** Hears nothing. */
  Progress NONE = (step, done, total) -> {};

  /**
   * Called when a step begins, and again as it advances.
   *
   * @param step what is being done, as a phrase for people ("Fetching busybox-static")
   * @param done units done so far (bytes while fetching), 0..total
   * @param total units in all, or 0 where that is not known
   */
  void advanced(String step, long done, long total);
}
