package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.List;
import org.vivarium.kvm.ffi.Linux;

/**
 * A virtual processor (KVM API, "vCPU ioctls").
 *
 * <p>One thread makes it, runs it and closes it; {@link #kick()} alone may come from any thread.
 */
public final class KvmVcpu extends FileDescriptor {
  private final int id;
  private final Arena arena;
  private final long mapping;
  private final int mappingSize;
  private final KvmRun run;
  private final VcpuKicker kicker;

  private KvmVcpu(int fd, int id, long mapping, int mappingSize) {
    super(fd);
    this.id = id;
    this.mapping = mapping;
    this.mappingSize = mappingSize;
    // Shared, because kick() writes the page from other threads.
    this.arena = Arena.ofShared();
    // SAFETY: mapping is the kernel's kvm_run area of this size, unmapped in close() only, after
    // the arena that guards the segment.
    this.run = new KvmRun(MemorySegment.ofAddress(mapping).reinterpret(mappingSize, arena, null));
    this.kicker = new VcpuKicker(run);
  }

  static KvmVcpu open(int fd, int id, int mappingSize) throws KvmException {
    int protection = Linux.PROT_READ() | Linux.PROT_WRITE();
    long mapping =
        NativeCalls.call(Linux.SYS_mmap(), 0, mappingSize, protection, Linux.MAP_SHARED(), fd, 0);
    if (mapping < 0) {
      NativeCalls.call(Linux.SYS_close(), fd);
      throw new KvmException("map the run page of virtual CPU " + id, (int) -mapping);
    }
    return new KvmVcpu(fd, id, mapping, mappingSize);
  }

  /** Number of this processor in its machine, 0 for the boot processor. */
  public int id() {
    return id;
  }

  /** The page that says why {@link #run()} returned. */
  public KvmRun exit() {
    return run;
  }

  /**
   * Runs the guest until it needs this process, or until {@link #kick()}.
   *
   * @return a {@code KVM_EXIT_*} number; {@link KvmRun#EXIT_INTR} after a kick or another signal
   * @throws KvmException if the kernel cannot run it
   */
  public int run() throws KvmException {
    long result = NativeCalls.ioctl(fd(), Linux.KVM_RUN(), 0);
    if (result >= 0) {
      return run.load();
    }
    // EAGAIN: an application processor that waits for its start-up message was woken.
    if (result == -Errno.EINTR || result == -Errno.EAGAIN) {
      return KvmRun.EXIT_INTR;
    }
    throw new KvmException("run virtual CPU " + id, (int) -result);
  }

  /**
   * Completes the access that the last exit asked for without running the guest any further: the
   * state is then whole, for a pause or a save. Takes back kicks, as {@link #acknowledgeKick} does.
   *
   * @return {@link KvmRun#EXIT_INTR} when the access is complete; another {@code KVM_EXIT_*} number
   *     if it has a further part to answer (a string instruction, an access across pages), after
   *     which to call again
   */
  public int completePendingAccess() throws KvmException {
    run.requestImmediateExit(true);
    try {
      return run();
    } finally {
      run.requestImmediateExit(false);
    }
  }

  /** Makes {@link #run()}, or the next call of it, return {@link KvmRun#EXIT_INTR}. Any thread. */
  public void kick() {
    kicker.kick();
  }

  /**
   * Takes back kicks that have arrived. The run loop calls it after EXIT_INTR and before it looks
   * at its requests, so that a kick made after a request is never lost.
   */
  public void acknowledgeKick() {
    run.requestImmediateExit(false);
  }

  /** Sets what CPUID answers the guest. */
  public void setCpuid(List<CpuidEntry> entries) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct table = CpuidEntry.toTable(scratch, entries);
      ioctl(Linux.KVM_SET_CPUID2(), table, "set CPUID");
    }
  }

  /**
   * Sets model-specific registers, in order.
   *
   * @return how many were set: fewer than given if the host refused one, which is the first not set
   */
  public int setMsrs(List<Msr> msrs) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      int stride = KvmLayouts.KvmMsrEntry.SIZE;
      int at = KvmLayouts.KvmMsrs.ENTRIES;
      KernelStruct table = new KernelStruct(scratch, at + msrs.size() * stride);
      table.putInt(KvmLayouts.KvmMsrs.NMSRS, msrs.size());
      for (Msr msr : msrs) {
        table.putInt(at + KvmLayouts.KvmMsrEntry.INDEX, msr.index());
        table.putLong(at + KvmLayouts.KvmMsrEntry.DATA, msr.value());
        at += stride;
      }
      return (int) ioctl(Linux.KVM_SET_MSRS(), table, "set model-specific registers");
    }
  }

  /** The general registers. */
  public KvmRegs regs() throws KvmException {
    KvmRegs regs = new KvmRegs();
    ioctl(Linux.KVM_GET_REGS(), regs.struct(), "read registers");
    return regs;
  }

  /** Sets the general registers. */
  public void setRegs(KvmRegs regs) throws KvmException {
    ioctl(Linux.KVM_SET_REGS(), regs.struct(), "set registers");
  }

  /** The system registers: segments, descriptor tables, control registers. */
  public KvmSregs sregs() throws KvmException {
    KvmSregs sregs = new KvmSregs();
    ioctl(Linux.KVM_GET_SREGS(), sregs.struct(), "read system registers");
    return sregs;
  }

  /** Sets the system registers. */
  public void setSregs(KvmSregs sregs) throws KvmException {
    ioctl(Linux.KVM_SET_SREGS(), sregs.struct(), "set system registers");
  }

  /**
   * Reads a register of the local APIC.
   *
   * @param offset of the register in the APIC page, below 1024
   */
  public int lapicRegister(int offset) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct lapic = new KernelStruct(scratch, KvmLayouts.KvmLapicState.SIZE);
      ioctl(Linux.KVM_GET_LAPIC(), lapic, "read the local APIC");
      return lapic.getInt(offset);
    }
  }

  /**
   * Writes a register of the local APIC and leaves the others.
   *
   * @param offset of the register in the APIC page, below 1024
   */
  public void setLapicRegister(int offset, int value) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct lapic = new KernelStruct(scratch, KvmLayouts.KvmLapicState.SIZE);
      ioctl(Linux.KVM_GET_LAPIC(), lapic, "read the local APIC");
      lapic.putInt(offset, value);
      ioctl(Linux.KVM_SET_LAPIC(), lapic, "set the local APIC");
    }
  }

  /** The multiprocessing state: a {@code KVM_MP_STATE_*} number. */
  public int mpState() throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct state = new KernelStruct(scratch, KvmLayouts.KvmMpState.SIZE);
      ioctl(Linux.KVM_GET_MP_STATE(), state, "read the processor state");
      return state.getInt(KvmLayouts.KvmMpState.MP_STATE);
    }
  }

  /**
   * Tells the guest's soft-lockup watchdog that it was paused; a guest without kvmclock is left as
   * it is.
   */
  public void notifyPaused() throws KvmException {
    long result = NativeCalls.ioctl(fd(), Linux.KVM_KVMCLOCK_CTRL(), 0);
    if (result != -Errno.EINVAL) {
      KvmException.check(result, "tell virtual CPU " + id + " that it was paused");
    }
  }

  /** Opens this processor's statistics, among them its exits. */
  public KvmStats openStats() throws KvmException {
    return KvmStats.open(fd(), "virtual CPU " + id);
  }

  private long ioctl(long request, KernelStruct argument, String what) throws KvmException {
    try {
      // SAFETY: argument is the structure that the request names, and lives until the call returns.
      return KvmException.check(
          NativeCalls.ioctl(fd(), request, argument.address()), what + " of virtual CPU " + id);
    } finally {
      Reference.reachabilityFence(argument);
    }
  }

  /** Closes the processor; called on its own thread, after its last {@link #run()}. */
  @Override
  public void close() {
    if (isClosed()) {
      return;
    }
    kicker.end();
    arena.close();
    // SAFETY: no segment reaches the mapping any more.
    NativeCalls.call(Linux.SYS_munmap(), mapping, mappingSize);
    super.close();
  }
}
