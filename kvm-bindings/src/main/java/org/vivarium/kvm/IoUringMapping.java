package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.vivarium.kvm.ffi.Linux;

/**
 * The memory that an io_uring shares with the kernel: its two rings, and the submission queue's
 * entries.
 */
final class IoUringMapping implements AutoCloseable {
  private static final int SQE = LinuxLayouts.IoUringSqe.SIZE;
  private static final int CQE = LinuxLayouts.IoUringCqe.SIZE;

  /** Where the parts of the rings lie, as the kernel answered. */
  record Places(
      int entries,
      int completions,
      int sqHead,
      int sqTail,
      int sqArray,
      int cqHead,
      int cqTail,
      int cqes) {
    static Places of(KernelStruct params) {
      int sq = LinuxLayouts.IoUringParams.SQ_OFF;
      int cq = LinuxLayouts.IoUringParams.CQ_OFF;
      return new Places(
          params.getInt(LinuxLayouts.IoUringParams.SQ_ENTRIES),
          params.getInt(LinuxLayouts.IoUringParams.CQ_ENTRIES),
          params.getInt(sq + LinuxLayouts.IoSqringOffsets.HEAD),
          params.getInt(sq + LinuxLayouts.IoSqringOffsets.TAIL),
          params.getInt(sq + LinuxLayouts.IoSqringOffsets.ARRAY),
          params.getInt(cq + LinuxLayouts.IoCqringOffsets.HEAD),
          params.getInt(cq + LinuxLayouts.IoCqringOffsets.TAIL),
          params.getInt(cq + LinuxLayouts.IoCqringOffsets.CQES));
    }
  }

  private final Arena arena;
  private final KernelStruct rings;
  private final KernelStruct sqes;
  private final Places places;

  private IoUringMapping(Arena arena, KernelStruct rings, KernelStruct sqes, Places places) {
    this.arena = arena;
    this.rings = rings;
    this.sqes = sqes;
    this.places = places;
  }

  /**
   * Maps it.
   *
   * @param params what io_uring_setup(2) answered
   */
  static IoUringMapping map(int fd, KernelStruct params) throws KvmException {
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
    return new IoUringMapping(arena, rings, sqes, at);
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

  /** Both rings. */
  KernelStruct rings() {
    return rings;
  }

  /** The submission queue's entries. */
  KernelStruct sqes() {
    return sqes;
  }

  Places places() {
    return places;
  }

  /** Unmaps it; nothing uses it any more. */
  @Override
  public void close() {
    arena.close();
    // SAFETY: the arena is closed, so no segment reaches the mappings any more.
    NativeCalls.call(Linux.SYS_munmap(), rings.address(), rings.size());
    NativeCalls.call(Linux.SYS_munmap(), sqes.address(), sqes.size());
  }
}
