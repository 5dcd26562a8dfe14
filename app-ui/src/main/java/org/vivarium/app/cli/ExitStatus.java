package org.vivarium.app.cli;

/** Exit statuses of the command line. */
public final class ExitStatus {
  /** All went well. */
  public static final int OK = 0;

  /** The command failed, for a reason that it printed. */
  public static final int FAILED = 1;

  /** The command line or a file named on it is wrong; nothing was started. */
  public static final int BAD_INPUT = 2;

  /** The guest panicked, or did not finish in the time it was given. */
  public static final int GUEST_FAILED = 3;

  private ExitStatus() {}
}
