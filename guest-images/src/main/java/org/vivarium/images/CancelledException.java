package org.vivarium.images;

/** The making of an image ended because its thread was interrupted; nothing half-made was kept. */
public final class CancelledException extends ImageException {
  private static final long serialVersionUID = 1L;

  /**
   * @param what what was being made, as people call it
   */
  public CancelledException(String what) {
    super("%s was cancelled; start it again to make it whole.".formatted(what));
  }
}
