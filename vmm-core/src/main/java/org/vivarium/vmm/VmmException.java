package org.vivarium.vmm;

import org.jspecify.annotations.Nullable;

/**
 * Something that a person asked for cannot be done; the message is one sentence that names what was
 * found, where, and what to do.
 */
public class VmmException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String sentence;

  /**
   * @param message a sentence, shown to people as it is
   */
  public VmmException(String message) {
    super(message);
    this.sentence = message;
  }

  /**
   * @param message a sentence, shown to people as it is
   * @param cause what happened below, for the log; null if nothing did
   */
  public VmmException(String message, @Nullable Throwable cause) {
    super(message, cause);
    this.sentence = message;
  }

  @Override
  public String getMessage() {
    return sentence;
  }
}
