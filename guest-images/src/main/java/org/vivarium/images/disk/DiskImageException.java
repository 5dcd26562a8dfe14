package org.vivarium.images.disk;

import java.io.IOException;

/**
 * A disk image that cannot be opened, created or used as asked.
 *
 * <p>The message is one sentence for people: it names the file, the field, its value and what is
 * allowed, or the remedy. Faults of the host's storage arrive as other {@link IOException}s.
 */
public class DiskImageException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with the given sentence. */
  public DiskImageException(String message) {
    super(message);
  }

  /** An error with the given sentence and its cause, which the sentence does not repeat. */
  public DiskImageException(String message, Throwable cause) {
    super(message, cause);
  }
}
