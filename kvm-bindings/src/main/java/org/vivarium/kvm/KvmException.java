package org.vivarium.kvm;

import java.io.IOException;

/** A system call that the host refused: which operation, with what argument, and its errno. */
public final class KvmException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String operation;
  private final int errno;

  /**
   * @param operation what was asked, as a sentence's object: {@code "map memory slot 3: gpa=0x0"}
   * @param errno positive error number
   */
  public KvmException(String operation, int errno) {
    super(operation);
    this.operation = operation;
    this.errno = errno;
  }

  @Override
  public String getMessage() {
    return "Cannot " + operation + " (" + Errno.describe(errno) + ").";
  }

  /** What was asked. */
  public String operation() {
    return operation;
  }

  /** The error number, positive. */
  public int errno() {
    return errno;
  }

  /** Returns {@code result} if it is not negative, else throws with {@code errno = -result}. */
  static long check(long result, String operation) throws KvmException {
    if (result < 0) {
      throw new KvmException(operation, (int) -result);
    }
    return result;
  }
}
