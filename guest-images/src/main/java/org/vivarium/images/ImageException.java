package org.vivarium.images;

/**
 * A guest image that cannot be found, read or made.
 *
 * <p>The message is one sentence for the user: it names the file or package and the remedy.
 */
public class ImageException extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * @param message one capitalised sentence, naming what failed and what to do about it
   */
  public ImageException(String message) {
    super(message);
  }

  /**
   * @param message one capitalised sentence, which does not repeat the cause
   * @param cause what went wrong underneath
   */
  public ImageException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The sentence for the user; never null. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
