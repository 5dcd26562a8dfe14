package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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

  /** Most threads that the kernel starts for requests that would block it. */
  private static final int KERNEL_WORKERS = 8;

  private static final int VECTOR_CAPACITY = 4 * MAX_RANGES;
  private static final long LARGEST_PLAIN = 1 << 30;
  private static final int MAX_TRIES = 16;

  private static final int SQE = KernelLayouts.IoUringSqe.SIZE;
  private static final int CQE = KernelLayouts.IoUringCqe.SIZE;
  private static final int RANGE = KernelLayouts.Iovec.SIZE;

  /** Where the parts of the rings lie, as the kernel answered. */
  private record Places(
      int entries,
      int completions,
      int sqHead,
      int sqTail,
      int sqArray,
      int cqHead,
      int cqTail,
      int cqes) {
    static Places of(KernelStruct params) {
      int sq = KernelLayouts.IoUringParams.SQ_OFF;
      int cq = KernelLayouts.IoUringParams.CQ_OFF;
      return new Places(
          params.getInt(KernelLayouts.IoUringParams.SQ_ENTRIES),
          params.getInt(KernelLayouts.IoUringParams.CQ_ENTRIES),
          params.getInt(sq + KernelLayouts.IoSqringOffsets.HEAD),
          params.getInt(sq + KernelLayouts.IoSqringOffsets.TAIL),
          params.getInt(sq + KernelLayouts.IoSqringOffsets.ARRAY),
          params.getInt(cq + KernelLayouts.IoCqringOffsets.HEAD),
          params.getInt(cq + KernelLayouts.IoCqringOffsets.TAIL),
          params.getInt(cq + KernelLayouts.IoCqringOffsets.CQES));
    }
  }

  private final Arena arena;
  private final KernelStruct rings;
  private final KernelStruct sqes;
  private final KernelStruct vector = new KernelStruct(Arena.ofAuto(), VECTOR_CAPACITY * RANGE);
  private final Places at;

  /** A struct io_uring_getevents_arg, then the struct timespec that it names. */
  private final KernelStruct wait =
      new KernelStruct(
          Arena.ofAuto(), KernelLayouts.IoUringGeteventsArg.SIZE + KernelLayouts.Timespec.SIZE);

  private int tail;
  private int firstRange;
  private int ranges;
  private long data;
  private int result;

  private IoUring(int fd, Arena arena, KernelStruct rings, KernelStruct sqes, Places at) {
    super(fd);
    this.arena = arena;
    this.rings = rings;
    this.sqes = sqes;
    this.at = at;
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
      KernelStruct params = new KernelStruct(scratch, KernelLayouts.IoUringParams.SIZE);
      params.putInt(
          KernelLayouts.IoUringParams.FLAGS,
          Linux.IORING_SETUP_CQSIZE() | Linux.IORING_SETUP_R_DISABLED());
      params.putInt(KernelLayouts.IoUringParams.CQ_ENTRIES, completions);
      // SAFETY: params is a whole struct io_uring_params that lives until the call returns.
      long fd = NativeCalls.call(Linux.SYS_io_uring_setup(), entries, params.address());
      KvmException.check(fd, "make an io_uring");
      IoUring ring;
      try {
        int features = params.getInt(KernelLayouts.IoUringParams.FEATURES);
        if ((features & FEATURES) != FEATURES) {
          throw new KvmException("use the io_uring of a kernel before 5.12", Errno.EOPNOTSUPP);
        }
        ring = map((int) fd, params);
      } catch (KvmException e) {
        NativeCalls.call(Linux.SYS_close(), fd);
        throw e;
      }
      try {
        ring.register(scratch, files);
        return ring;
      } catch (KvmException e) {
        ring.close();
        throw e;
      }
    }
  }

  private static IoUring map(int fd, KernelStruct params) throws KvmException {
    Places at = Places.of(params);
    long ringBytes =
        Math.max(at.sqArray() + 4L * at.entries(), at.cqes() + (long) CQE * at.completions());
    long sqeBytes = (long) SQE * at.entries();
    long ringAddress = mmap(fd, ringBytes, Linux.IORING_OFF_SQ_RING());
    long sqeAddress;
    try {
      sqeAddress = mmap(fd, sqeBytes, Linux.IORING_OFF_SQES());
    } catch (KvmException e) {
      // SAFETY: mapped above, and nothing refers to it.
      NativeCalls.call(Linux.SYS_munmap(), ringAddress, ringBytes);
      throw e;
    }
    Arena arena = Arena.ofShared();
    KernelStruct rings = mapped(arena, ringAddress, ringBytes);
    KernelStruct sqes = mapped(arena, sqeAddress, sqeBytes);
    for (int i = 0; i < at.entries(); i++) {
      // Entries are used in their order, so that the array of indices never changes.
      rings.putInt(at.sqArray() + Integer.BYTES * i, i);
    }
    return new IoUring(fd, arena, rings, sqes, at);
  }

  private static KernelStruct mapped(Arena arena, long address, long bytes) {
    // SAFETY: a whole mapping that close() alone unmaps, after closing the arena.
    return new KernelStruct(MemorySegment.ofAddress(address).reinterpret(bytes, arena, null));
  }

  private static long mmap(int fd, long bytes, long offset) throws KvmException {
    int protection = Linux.PROT_READ() | Linux.PROT_WRITE();
    int flags = Linux.MAP_SHARED() | Linux.MAP_POPULATE();
    return KvmException.check(
        NativeCalls.call(Linux.SYS_mmap(), 0, bytes, protection, flags, fd, offset),
        "map an io_uring");
  }

  private void register(Arena scratch, List<NativeFile> files) throws KvmException {
    KernelStruct fds = new KernelStruct(scratch, Integer.BYTES * files.size());
    for (int i = 0; i < files.size(); i++) {
      fds.putInt(Integer.BYTES * i, files.get(i).fd());
    }
    KvmException.check(
        register(Linux.IORING_REGISTER_FILES(), fds.address(), files.size()),
        "register files with an io_uring");
    KernelStruct limits = new KernelStruct(scratch, 2 * Integer.BYTES);
    limits.putInt(0, KERNEL_WORKERS).putInt(Integer.BYTES, KERNEL_WORKERS);
    long limited = register(Linux.IORING_REGISTER_IOWQ_MAX_WORKERS(), limits.address(), 2);
    if (limited < 0 && limited != -Errno.EINVAL) {
      // EINVAL: a kernel before 5.15, which has its own limit by the number of processors.
      throw new KvmException("limit the workers of an io_uring", (int) -limited);
    }
    restrict(scratch);
    KvmException.check(register(Linux.IORING_REGISTER_ENABLE_RINGS(), 0, 0), "enable an io_uring");
  }

  /**
   * From now on the kernel takes reads and writes of the registered files from it, nothing else.
   */
  private void restrict(Arena scratch) throws KvmException {
    int[] operations = {
      Linux.IORING_OP_READ(),
      Linux.IORING_OP_READV(),
      Linux.IORING_OP_WRITE(),
      Linux.IORING_OP_WRITEV()
    };
    int count = operations.length + 1;
    int stride = KernelLayouts.IoUringRestriction.SIZE;
    KernelStruct all = new KernelStruct(scratch, count * stride);
    int opcode = KernelLayouts.IoUringRestriction.OPCODE;
    int at = 0;
    for (int operation : operations) {
      all.putShort(at + opcode, Linux.IORING_RESTRICTION_SQE_OP());
      all.putByte(at + KernelLayouts.IoUringRestriction.SQE_OP, operation);
      at += stride;
    }
    all.putShort(at + opcode, Linux.IORING_RESTRICTION_SQE_FLAGS_REQUIRED());
    all.putByte(at + KernelLayouts.IoUringRestriction.SQE_FLAGS, 1 << Linux.IOSQE_FIXED_FILE_BIT());
    KvmException.check(
        register(Linux.IORING_REGISTER_RESTRICTIONS(), all.address(), count),
        "restrict an io_uring");
  }

  private long register(int what, long argument, int count) {
    // SAFETY: argument is the address of count elements of the kind that the kernel expects, which
    // live until the call returns.
    return NativeCalls.call(Linux.SYS_io_uring_register(), fd(), what, argument, count);
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
    vector.putLong(place + KernelLayouts.Iovec.IOV_BASE, address);
    vector.putLong(place + KernelLayouts.Iovec.IOV_LEN, length);
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
    long length = vector.getLong(first + KernelLayouts.Iovec.IOV_LEN);
    boolean single = ranges == 1 && length <= LARGEST_PLAIN;
    long address =
        single ? vector.getLong(first + KernelLayouts.Iovec.IOV_BASE) : vector.address() + first;
    int sqe = sqe(tail);
    for (int i = 0; i < SQE; i += Long.BYTES) {
      sqes.putLong(sqe + i, 0);
    }
    sqes.putByte(sqe + KernelLayouts.IoUringSqe.OPCODE, single ? plain : vectored);
    sqes.putByte(sqe + KernelLayouts.IoUringSqe.FLAGS, 1 << Linux.IOSQE_FIXED_FILE_BIT());
    sqes.putInt(sqe + KernelLayouts.IoUringSqe.FD, file);
    sqes.putLong(sqe + KernelLayouts.IoUringSqe.OFF, offset);
    sqes.putLong(sqe + KernelLayouts.IoUringSqe.USER_DATA, userData);
    sqes.putLong(sqe + KernelLayouts.IoUringSqe.ADDR, address);
    sqes.putInt(sqe + KernelLayouts.IoUringSqe.LEN, single ? (int) length : ranges);
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
      int time = KernelLayouts.IoUringGeteventsArg.SIZE;
      argumentBytes = time;
      wait.putLong(KernelLayouts.IoUringGeteventsArg.TS, argument + time);
      wait.putLong(time + KernelLayouts.Timespec.TV_NSEC, nanos);
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
    return sqes.getLong(sqe(tail) + KernelLayouts.IoUringSqe.USER_DATA);
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
    data = rings.getLong(cqe + KernelLayouts.IoUringCqe.USER_DATA);
    result = rings.getInt(cqe + KernelLayouts.IoUringCqe.RES);
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
    arena.close();
    // SAFETY: the arena is closed, so no segment reaches the mappings any more.
    NativeCalls.call(Linux.SYS_munmap(), rings.address(), rings.size());
    NativeCalls.call(Linux.SYS_munmap(), sqes.address(), sqes.size());
    super.close();
  }
}
