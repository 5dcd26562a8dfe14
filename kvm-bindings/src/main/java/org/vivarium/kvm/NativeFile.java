package org.vivarium.kvm;

import java.nio.file.Path;
import org.vivarium.kvm.ffi.Linux;

/**
 * A file or block device whose bytes go straight between it and raw addresses, such as guest
 * memory's ({@link GuestMemory#hva}), without a copy in between.
 *
 * <p>Any thread; offsets are absolute, so threads do not disturb each other. Reading and writing
 * allocate nothing. The memory behind an address stays open until the call has returned.
 */
public final class NativeFile extends FileDescriptor {
  /** What a file is opened for. */
  public enum Mode {
    /** Reading only. */
    READ,
    /** Reading and writing a file that is there. */
    READ_WRITE
  }

  private final Path path;

  private NativeFile(int fd, Path path) {
    super(fd);
    this.path = path;
  }

  /**
   * Opens a file that is there.
   *
   * @throws KvmException naming the file
   */
  public static NativeFile open(Path path, Mode mode) throws KvmException {
    int access = mode == Mode.READ ? Linux.O_RDONLY() : Linux.O_RDWR();
    long fd = NativeCalls.open(path, access | Linux.O_CLOEXEC());
    if (fd < 0) {
      throw new KvmException("open " + path, (int) -fd);
    }
    return new NativeFile((int) fd, path);
  }

  /** Bytes from the first to the end of the file or device. */
  public long size() throws KvmException {
    return require(
        NativeCalls.call(Linux.SYS_lseek(), fd(), 0, Linux.SEEK_END()), "find the size of");
  }

  /**
   * Reads.
   *
   * @param address host virtual address of {@code length} bytes
   * @param offset in the file, from 0 up
   * @return bytes read: fewer than {@code length} only where the file ends
   */
  public long read(long address, long length, long offset) throws KvmException {
    long done = 0;
    while (done < length) {
      // SAFETY: the caller's promise that length bytes at address are mapped (class comment).
      long n =
          NativeCalls.call(Linux.SYS_pread64(), fd(), address + done, length - done, offset + done);
      if (n == 0) {
        break;
      }
      if (n != -Errno.EINTR) {
        done += require(n, "read");
      }
    }
    return done;
  }

  /**
   * Writes all.
   *
   * @param address host virtual address of {@code length} bytes
   * @param offset in the file, from 0 up
   */
  public void write(long address, long length, long offset) throws KvmException {
    long done = 0;
    while (done < length) {
      // SAFETY: as in read.
      long n =
          NativeCalls.call(
              Linux.SYS_pwrite64(), fd(), address + done, length - done, offset + done);
      if (n != -Errno.EINTR) {
        done += require(n, "write");
      }
    }
  }

  /**
   * Reads into many ranges, which are used up by it.
   *
   * @param offset in the file, from 0 up
   * @return bytes read: fewer than the ranges hold only where the file ends
   */
  public long read(IoVector ranges, long offset) throws KvmException {
    long done = 0;
    while (ranges.remaining() > 0) {
      long n = transfer(Linux.SYS_preadv(), ranges, offset + done);
      if (n == 0) {
        break;
      }
      if (n != -Errno.EINTR) {
        done += require(n, "read");
        ranges.advance(n);
      }
    }
    return done;
  }

  /**
   * Writes all of many ranges, which are used up by it.
   *
   * @param offset in the file, from 0 up
   */
  public void write(IoVector ranges, long offset) throws KvmException {
    long done = 0;
    while (ranges.remaining() > 0) {
      long n = transfer(Linux.SYS_pwritev(), ranges, offset + done);
      if (n != -Errno.EINTR) {
        done += require(n, "write");
        ranges.advance(n);
      }
    }
  }

  private long transfer(int systemCall, IoVector ranges, long offset) {
    // The sixth word is the offset's high half on 32-bit processors; here it is ignored.
    // SAFETY: address() leads to count() whole ranges; what they name is the caller's promise.
    return NativeCalls.call(systemCall, fd(), ranges.address(), ranges.count(), offset, 0, 0);
  }

  /** Waits until all that was written, and the file's size and times, are on stable storage. */
  public void sync() throws KvmException {
    require(NativeCalls.call(Linux.SYS_fsync(), fd()), "sync");
  }

  /** As {@link #sync}, without the times. */
  public void syncData() throws KvmException {
    require(NativeCalls.call(Linux.SYS_fdatasync(), fd()), "sync");
  }

  /**
   * Gives the space of a range back to the file system; it reads as zeroes then, and the file's
   * size stays.
   *
   * @throws KvmException EOPNOTSUPP if the file system cannot
   */
  public void punchHole(long offset, long length) throws KvmException {
    allocate(Linux.FALLOC_FL_PUNCH_HOLE(), offset, length, "punch a hole into");
  }

  /**
   * Makes a range read as zeroes and keeps its space; the file's size stays.
   *
   * @throws KvmException EOPNOTSUPP if the file system cannot
   */
  public void zeroRange(long offset, long length) throws KvmException {
    allocate(Linux.FALLOC_FL_ZERO_RANGE(), offset, length, "zero a range of");
  }

  private void allocate(int mode, long offset, long length, String verb) throws KvmException {
    int flags = mode | Linux.FALLOC_FL_KEEP_SIZE();
    long result;
    do {
      result = NativeCalls.call(Linux.SYS_fallocate(), fd(), flags, offset, length);
    } while (result == -Errno.EINTR);
    require(result, verb);
  }

  private long require(long result, String verb) throws KvmException {
    if (result < 0) {
      throw new KvmException(verb + " " + path, (int) -result);
    }
    return result;
  }
}
