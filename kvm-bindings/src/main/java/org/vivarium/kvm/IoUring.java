package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.util.List;
import org.vivarium.kvm.ffi.Linux;

/**
 * An io_uring(7): reads and writes of files that the kernel takes many at a time and ends in any
 * order. The descriptor is ready for reading while there are completions.
 *
 * <p>A request is built from {@link #add ranges} of raw addresses, as {@link GuestMemory#hva} gives
 * them, and then {@link #read} or {@link #write}; {@link #submit} hands all that were built to the
 * kernel, which takes nothing else from it (restrictions of io_uring_register(2)), so that a ring
 * is of no other use to an intruder in this process. Whoever names an address keeps its memory open
 * until the request has completed. One thread at a time. Allocates nothing after it is made.
 */
public final class IoUring extends FileDescriptor {
  /** Most ranges of one request (IOV_MAX). */
  public static final int MAX_RANGES = IoVector.MAX_CAPACITY;

  /** What a kernel must offer: all since Linux 5.12. */
  private static final int FEATURES =
      Linux.IORING_FEAT_SINGLE_MMAP()
          | Linux.IORING_FEAT_NODROP()
          | Linux.IORING_FEAT_SUBMIT_STABLE()
          | Linux.IORING_FEAT_NATIVE_WORKERS();

  private static final int VECTOR_CAPACITY = 4 * MAX_RANGES;
  private static final long LARGEST_PLAIN = 1 << 30;
  private static final int MAX_TRIES = 16;

  private static final int SQE = LinuxLayouts.IoUringSqe.SIZE;
  private static final int CQE = LinuxLayouts.IoUringCqe.SIZE;
  private static final int RANGE = LinuxLayouts.Iovec.SIZE;

  private final IoUringMapping mapping;
  private final KernelStruct rings;
  private final KernelStruct sqes;
  private final KernelStruct vector = new KernelStruct(Arena.ofAuto(), VECTOR_CAPACITY * RANGE);
  private final IoUringMapping.Places at;

  /** A struct io_uring_getevents_arg, then the struct timespec that it names. */
  private final KernelStruct wait =
      new KernelStruct(
          Arena.ofAuto(), LinuxLayouts.IoUringGeteventsArg.SIZE + LinuxLayouts.Timespec.SIZE);

  private int tail;
  private int firstRange;
  private int ranges;
  private long data;
  private int result;

  private IoUring(int fd, IoUringMapping mapping) {
    super(fd);
    this.mapping = mapping;
    this.rings = mapping.rings();
    this.sqes = mapping.sqes();
    this.at = mapping.places();
  }

  /**
   * Makes a ring for some files.
   *
   * @param entries requests that can be built between two {@link #submit}, 1 to 4096
   * @param completions requests that can be in flight, {@code entries} to 65536
   * @param files what requests name by their index here; they stay the caller's and may be closed
   *     before the ring
   * @throws KvmException if the kernel has no io_uring, an old one, or forbids it
   */
  public static IoUring create(int entries, int completions, List<NativeFile> files)
      throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct params = new KernelStruct(scratch, LinuxLayouts.IoUringParams.SIZE);
      params.putInt(
          LinuxLayouts.IoUringParams.FLAGS,
          Linux.IORING_SETUP_CQSIZE() | Linux.IORING_SETUP_R_DISABLED());
      params.putInt(LinuxLayouts.IoUringParams.CQ_ENTRIES, completions);
      // SAFETY: params is a whole struct io_uring_params that lives until the call returns.
      long fd = NativeCalls.call(Linux.SYS_io_uring_setup(), entries, params.address());
      KvmException.check(fd, "make an io_uring");
      IoUring ring;
      try {
        int features = params.getInt(LinuxLayouts.IoUringParams.FEATURES);
        if ((features & FEATURES) != FEATURES) {
          throw new KvmException("use the io_uring of a kernel before 5.12", Errno.EOPNOTSUPP);
        }
        ring = new IoUring((int) fd, IoUringMapping.map((int) fd, params));
      } catch (KvmException e) {
        NativeCalls.call(Linux.SYS_close(), fd);
        throw e;
      }
      try {
        IoUringLimits.apply(ring.fd(), files);
        return ring;
      } catch (KvmException e) {
        ring.close();
        throw e;
      }
    }
  }

  /** Whether another request of so many ranges can be built before {@link #submit}. */
  public boolean hasRoom(int moreRanges) {
    int head = rings.getIntAcquire(at.sqHead());
    return tail - head < at.entries() && firstRange + ranges + moreRanges <= VECTOR_CAPACITY;
  }

  /**
   * Adds a range to the next request.
   *
   * @param address host virtual address of its first byte
   * @param length bytes, above 0
   * @throws IllegalStateException if there is no room
   */
  public void add(long address, long length) {
    if (firstRange + ranges == VECTOR_CAPACITY || ranges == MAX_RANGES) {
      throw new IllegalStateException("More ranges than an io_uring takes at once");
    }
    int place = (firstRange + ranges) * RANGE;
    vector.putLong(place + LinuxLayouts.Iovec.IOV_BASE, address);
    vector.putLong(place + LinuxLayouts.Iovec.IOV_LEN, length);
    ranges++;
  }

  /**
   * Builds a request that reads into the ranges.
   *
   * @param userData comes back as {@link #data}
   * @param file index of the file
   * @param offset in the file, from 0 up
   * @throws IllegalStateException if there is no room or no range
   */
  public void read(long userData, int file, long offset) {
    build(Linux.IORING_OP_READ(), Linux.IORING_OP_READV(), userData, file, offset);
  }

  /** As {@link #read}, for a request that writes the ranges. */
  public void write(long userData, int file, long offset) {
    build(Linux.IORING_OP_WRITE(), Linux.IORING_OP_WRITEV(), userData, file, offset);
  }

  /** Builds a request; any operation, for tests. */
  void build(int plain, int vectored, long userData, int file, long offset) {
    if (ranges == 0 || !hasRoom(0)) {
      throw new IllegalStateException("No range, or no room for another request");
    }
    int first = firstRange * RANGE;
    long length = vector.getLong(first + LinuxLayouts.Iovec.IOV_LEN);
    boolean single = ranges == 1 && length <= LARGEST_PLAIN;
    long address =
        single ? vector.getLong(first + LinuxLayouts.Iovec.IOV_BASE) : vector.address() + first;
    int sqe = sqe(tail);
    for (int i = 0; i < SQE; i += Long.BYTES) {
      sqes.putLong(sqe + i, 0);
    }
    sqes.putByte(sqe + LinuxLayouts.IoUringSqe.OPCODE, single ? plain : vectored);
    sqes.putByte(sqe + LinuxLayouts.IoUringSqe.FLAGS, 1 << Linux.IOSQE_FIXED_FILE_BIT());
    sqes.putInt(sqe + LinuxLayouts.IoUringSqe.FD, file);
    sqes.putLong(sqe + LinuxLayouts.IoUringSqe.OFF, offset);
    sqes.putLong(sqe + LinuxLayouts.IoUringSqe.USER_DATA, userData);
    sqes.putLong(sqe + LinuxLayouts.IoUringSqe.ADDR, address);
    sqes.putInt(sqe + LinuxLayouts.IoUringSqe.LEN, single ? (int) length : ranges);
    firstRange += ranges;
    ranges = 0;
    tail++;
  }

  /** Where the submission queue entry of this number is. */
  private int sqe(int number) {
    return (number & at.entries() - 1) * SQE;
  }

  /**
   * Hands what was built to the kernel, which may complete some of it at once; never waits for a
   * completion. What the kernel has no memory for is left to {@link #withdraw}.
   *
   * @return whether the kernel took all
   */
  public boolean submit() {
    return submit(0, 0);
  }

  /**
   * As {@link #submit()}, and waits for completions.
   *
   * @param awaited until so many have not been taken, from 0 up; not for what the kernel did not
   *     take
   * @param nanos at most so long, below a second
   */
  public boolean submit(int awaited, long nanos) {
    int flags = 0;
    long argument = 0;
    long argumentBytes = 0;
    if (awaited > 0) {
      flags = Linux.IORING_ENTER_GETEVENTS() | Linux.IORING_ENTER_EXT_ARG();
      argument = wait.address();
      int time = LinuxLayouts.IoUringGeteventsArg.SIZE;
      argumentBytes = time;
      wait.putLong(LinuxLayouts.IoUringGeteventsArg.TS, argument + time);
      wait.putLong(time + LinuxLayouts.Timespec.TV_NSEC, nanos);
    }
    rings.putIntRelease(at.sqTail(), tail);
    int tries = 0;
    int left = tail - rings.getIntAcquire(at.sqHead());
    while (left > 0 && tries < MAX_TRIES) {
      // SAFETY: what the entries name is the caller's promise (class comment); the kernel copies
      // entries and ranges before the call returns (IORING_FEAT_SUBMIT_STABLE). The argument is
      // whole, without a signal mask, and names a whole struct timespec.
      NativeCalls.call(
          Linux.SYS_io_uring_enter(), fd(), left, awaited, flags, argument, argumentBytes);
      left = tail - rings.getIntAcquire(at.sqHead());
      tries++;
    }
    if (left == 0) {
      firstRange = 0;
    }
    return left == 0;
  }

  /**
   * Takes back the request that was built last and that the kernel did not take.
   *
   * @return its data, or -1 if the kernel has taken all
   */
  public long withdraw() {
    int head = rings.getIntAcquire(at.sqHead());
    if (tail == head) {
      firstRange = 0;
      return -1;
    }
    tail--;
    // Without a polling thread the kernel looks at the tail in submit() alone.
    rings.putIntRelease(at.sqTail(), tail);
    return sqes.getLong(sqe(tail) + LinuxLayouts.IoUringSqe.USER_DATA);
  }

  /**
   * Waits until there is a completion; something must be in flight.
   *
   * @throws KvmException if the kernel does not let us wait
   */
  public void await() throws KvmException {
    int flags = Linux.IORING_ENTER_GETEVENTS();
    // SAFETY: no signal mask is passed, and nothing else has an address.
    long result = NativeCalls.call(Linux.SYS_io_uring_enter(), fd(), 0, 1, flags, 0, 0);
    if (result < 0 && result != -Errno.EINTR) {
      throw new KvmException("wait for an io_uring", (int) -result);
    }
  }

  /**
   * Takes the next completion, if there is one.
   *
   * @return whether {@link #data} and {@link #result} now tell of it
   */
  public boolean next() {
    int head = rings.getInt(at.cqHead());
    if (head == rings.getIntAcquire(at.cqTail())) {
      return false;
    }
    int cqe = at.cqes() + (head & at.completions() - 1) * CQE;
    data = rings.getLong(cqe + LinuxLayouts.IoUringCqe.USER_DATA);
    result = rings.getInt(cqe + LinuxLayouts.IoUringCqe.RES);
    rings.putIntRelease(at.cqHead(), head + 1);
    return true;
  }

  /** What the completed request was built with. */
  public long data() {
    return data;
  }

  /** Bytes that were moved, fewer than asked for at the end of a file; or {@code -errno}. */
  public int result() {
    return result;
  }

  /** Gives the ring back. Everything that was submitted has completed, and been taken. */
  @Override
  public void close() {
    if (isClosed()) {
      return;
    }
    mapping.close();
    super.close();
  }
}
