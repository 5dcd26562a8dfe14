package org.vivarium.kvm;

import java.util.Map;

/** Linux error numbers (x86-64, {@code asm-generic/errno.h}) by value and by name. */
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int E2BIG = 7;
  public static final int EBADF = 9;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EFAULT = 14;
  public static final int EBUSY = 16;
  public static final int EEXIST = 17;
  public static final int ENODEV = 19;
  public static final int ENOTDIR = 20;
  public static final int EISDIR = 21;
  public static final int EINVAL = 22;
  public static final int EMFILE = 24;
  public static final int ENOTTY = 25;
  public static final int EFBIG = 27;
  public static final int ENOSPC = 28;
  public static final int EROFS = 30;
  public static final int EPIPE = 32;
  public static final int ENAMETOOLONG = 36;
  public static final int ENOSYS = 38;
  public static final int EOPNOTSUPP = 95;
  public static final int EADDRINUSE = 98;
  public static final int ECONNABORTED = 103;
  public static final int ECONNRESET = 104;
  public static final int ENOBUFS = 105;
  public static final int ENOTCONN = 107;
  public static final int ECONNREFUSED = 111;

  private static final Map<Integer, String> NAMES =
      Map.ofEntries(
          Map.entry(EPERM, "EPERM, operation not permitted"),
          Map.entry(ENOENT, "ENOENT, no such file"),
          Map.entry(EINTR, "EINTR, interrupted"),
          Map.entry(EIO, "EIO, input/output error"),
          Map.entry(E2BIG, "E2BIG, argument list too long"),
          Map.entry(EBADF, "EBADF, bad file descriptor"),
          Map.entry(EAGAIN, "EAGAIN, try again"),
          Map.entry(ENOMEM, "ENOMEM, out of memory"),
          Map.entry(EACCES, "EACCES, permission denied"),
          Map.entry(EFAULT, "EFAULT, bad address"),
          Map.entry(EBUSY, "EBUSY, device or resource busy"),
          Map.entry(EEXIST, "EEXIST, exists already"),
          Map.entry(ENODEV, "ENODEV, no such device"),
          Map.entry(ENOTDIR, "ENOTDIR, not a folder"),
          Map.entry(EISDIR, "EISDIR, is a folder"),
          Map.entry(EINVAL, "EINVAL, invalid argument"),
          Map.entry(EMFILE, "EMFILE, too many open files"),
          Map.entry(ENOTTY, "ENOTTY, not a device that takes this request"),
          Map.entry(EFBIG, "EFBIG, file too large"),
          Map.entry(ENOSPC, "ENOSPC, no space left"),
          Map.entry(EROFS, "EROFS, read-only file system"),
          Map.entry(EPIPE, "EPIPE, broken pipe"),
          Map.entry(ENAMETOOLONG, "ENAMETOOLONG, name too long"),
          Map.entry(EADDRINUSE, "EADDRINUSE, address already in use"),
          Map.entry(ECONNABORTED, "ECONNABORTED, connection given up"),
          Map.entry(ECONNRESET, "ECONNRESET, connection reset"),
          Map.entry(ENOBUFS, "ENOBUFS, no buffer space"),
          Map.entry(ENOTCONN, "ENOTCONN, not connected"),
          Map.entry(ENOSYS, "ENOSYS, not in this kernel"),
          Map.entry(EOPNOTSUPP, "EOPNOTSUPP, not supported"),
          Map.entry(ECONNREFUSED, "ECONNREFUSED, connection refused"));

  private Errno() {}

  /**
   * The name and meaning of an error number.
   *
   * @param errno positive error number
   */
  public static String describe(int errno) {
    return NAMES.getOrDefault(errno, "errno " + errno);
  }
}
