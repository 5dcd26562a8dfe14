package org.vivarium.app.bench;

/** A measurement cannot be made; the message is one capitalised sentence that says why. */
public final class BenchException extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * @param message one sentence for people
   */
  public BenchException(String message) {
    super(message);
  }

  /**
   * @param message one sentence for people
   * @param cause what led to it
   */
  public BenchException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The sentence for people; never null. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
