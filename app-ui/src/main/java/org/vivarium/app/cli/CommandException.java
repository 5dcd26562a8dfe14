package org.vivarium.app.cli;

/**
 * A command cannot go on. The message is one capitalised sentence for the person at the terminal,
 * and the status becomes the exit status of the process.
 */
public final class CommandException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int status;

  /**
   * A failure with its exit status.
   *
   * @param status the exit status, one of {@link ExitStatus}
   * @param message one capitalised sentence that names what is wrong and what to do
   */
  public CommandException(int status, String message) {
    super(message);
    this.status = status;
  }

  /** Returns the exit status. */
  public int status() {
    return status;
  }
}
