package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.vivarium.kvm.ffi.Linux;

/**
 * Locks on byte ranges of a file that belong to this opening of it (open file description locks,
 * fcntl(2)), as QEMU takes them on disk images.
 *
 * <p>They hold against every other opening, in this process too, until {@link #unlock}, {@link
 * #close} or the end of the process, however that comes. They are advisory. Any thread.
 */
public final class OfdLock extends FileDescriptor {
  /** What a lock allows others. */
  public enum Kind {
    /** Others may hold shared locks on the same bytes. */
    SHARED,
    /** Nobody else holds a lock on the same bytes. */
    EXCLUSIVE
  }

  private final Path path;

  private OfdLock(int fd, Path path) {
    super(fd);
    this.path = path;
  }

  /**
   * Opens a file to lock ranges of it; nothing is locked yet.
   *
   * @param strongest {@link Kind#EXCLUSIVE} locks need the right to write the file
   */
  public static OfdLock open(Path path, Kind strongest) throws KvmException {
    int access = strongest == Kind.SHARED ? Linux.O_RDONLY() : Linux.O_RDWR();
    long fd = NativeCalls.open(path, access | Linux.O_CLOEXEC());
    if (fd < 0) {
      throw new KvmException("open " + path + " to lock it", (int) -fd);
    }
    return new OfdLock((int) fd, path);
  }

  /**
   * Locks {@code length} bytes from {@code start} on, or changes the kind of a lock held on them.
   *
   * @return whether it was got; false if another opening holds a lock that it cannot go with
   */
  public boolean tryLock(long start, long length, Kind kind) throws KvmException {
    int type = kind == Kind.SHARED ? Linux.F_RDLCK() : Linux.F_WRLCK();
    try (Arena scratch = Arena.ofConfined()) {
      long result = control(Linux.F_OFD_SETLK(), range(scratch, type, start, length));
      if (result == -Errno.EAGAIN || result == -Errno.EACCES) {
        return false;
      }
      require(result, "lock");
      return true;
    }
  }

  /** Gives up this opening's locks on {@code length} bytes from {@code start} on. */
  public void unlock(long start, long length) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      require(
          control(Linux.F_OFD_SETLK(), range(scratch, Linux.F_UNLCK(), start, length)), "unlock");
    }
  }

  /** Whether another opening holds a lock that a lock of this kind could not go with. */
  public boolean isLockedByAnother(long start, long length, Kind kind) throws KvmException {
    int type = kind == Kind.SHARED ? Linux.F_RDLCK() : Linux.F_WRLCK();
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct range = range(scratch, type, start, length);
      require(control(Linux.F_OFD_GETLK(), range), "look at the locks of");
      return range.getShort(LinuxLayouts.Flock.L_TYPE) != Linux.F_UNLCK();
    }
  }

  private static KernelStruct range(Arena arena, int type, long start, long length) {
    if (start < 0 || length < 1) {
      throw new IllegalArgumentException("Not a range of bytes: " + start + ", " + length);
    }
    // The process id stays 0, as these locks demand; l_whence 0 is SEEK_SET.
    KernelStruct range = new KernelStruct(arena, LinuxLayouts.Flock.SIZE);
    range.putShort(LinuxLayouts.Flock.L_TYPE, type);
    range.putLong(LinuxLayouts.Flock.L_START, start);
    range.putLong(LinuxLayouts.Flock.L_LEN, length);
    return range;
  }

  private long control(int command, KernelStruct range) {
    // SAFETY: range is a whole struct flock that lives until the call returns.
    return NativeCalls.call(Linux.SYS_fcntl(), fd(), command, range.address());
  }

  private void require(long result, String verb) throws KvmException {
    if (result < 0) {
      throw new KvmException(verb + " " + path, (int) -result);
    }
  }
}
