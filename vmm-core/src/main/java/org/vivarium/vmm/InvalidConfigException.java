package org.vivarium.vmm;

import org.jspecify.annotations.Nullable;

/** Bad input: a file, a field or an option that cannot be what it is. Exit status 2. */
public final class InvalidConfigException extends VmmException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message a sentence that names the file or field, what was found, and what is allowed
   */
  public InvalidConfigException(String message) {
    super(message);
  }

  /**
   * @param message a sentence that names the file or field, what was found, and what is allowed
   * @param cause what happened below, for the log; null if nothing did
   */
  public InvalidConfigException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
