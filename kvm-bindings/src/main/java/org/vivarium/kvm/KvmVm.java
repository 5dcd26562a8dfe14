package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.ffi.Linux;

/**
 * A virtual machine in the kernel (KVM API, "VM ioctls").
 *
 * <p>Close it after its {@link KvmVcpu}s and before its {@link GuestMemory}.
 */
public final class KvmVm extends FileDescriptor {
  private final int vcpuMmapSize;

  KvmVm(int fd, int vcpuMmapSize) {
    super(fd);
    this.vcpuMmapSize = vcpuMmapSize;
  }

  /**
   * Asks for a capability of this virtual machine.
   *
   * @param capability a {@code KVM_CAP_*} number
   */
  public int checkExtension(int capability) {
    return (int) Math.max(0, NativeCalls.ioctl(fd(), Linux.KVM_CHECK_EXTENSION(), capability));
  }

  /** Sets where Intel processors keep the three pages that real mode needs (KVM_SET_TSS_ADDR). */
  public void setTssAddress(long gpa) throws KvmException {
    KvmException.check(
        NativeCalls.ioctl(fd(), Linux.KVM_SET_TSS_ADDR(), gpa),
        "set the TSS address 0x" + Long.toHexString(gpa));
  }

  /** Sets where Intel processors keep the identity page table (KVM_SET_IDENTITY_MAP_ADDR). */
  public void setIdentityMapAddress(long gpa) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct address = new KernelStruct(scratch, Long.BYTES).putLong(0, gpa);
      KvmException.check(
          ioctl(Linux.KVM_SET_IDENTITY_MAP_ADDR(), address),
          "set the identity map address 0x" + Long.toHexString(gpa));
    }
  }

  /** Makes the interrupt controllers: two 8259A, one I/O APIC, a local APIC for every vCPU. */
  public void createIrqchip() throws KvmException {
    KvmException.check(
        NativeCalls.ioctl(fd(), Linux.KVM_CREATE_IRQCHIP(), 0), "create the interrupt controllers");
  }

  /** Makes the 8254 timer, with the speaker port 0x61 answered in the kernel. */
  public void createPit() throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct config = new KernelStruct(scratch, KvmLayouts.KvmPitConfig.SIZE);
      config.putInt(KvmLayouts.KvmPitConfig.FLAGS, Linux.KVM_PIT_SPEAKER_DUMMY());
      KvmException.check(ioctl(Linux.KVM_CREATE_PIT2(), config), "create the interval timer");
    }
  }

  /**
   * Puts a region of guest memory into the guest's physical address space.
   *
   * @param slot number of the memory slot, 0 to KVM_CAP_NR_MEMSLOTS - 1
   */
  public void setMemorySlot(int slot, GuestMemoryRegion region) throws KvmException {
    setMemorySlot(slot, region.gpa(), region.size(), region.hva());
  }

  /** Takes a memory slot away; the guest's accesses there become MMIO exits. */
  public void removeMemorySlot(int slot) throws KvmException {
    setMemorySlot(slot, 0, 0, 0);
  }

  private void setMemorySlot(int slot, long gpa, long size, long hva) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct region = new KernelStruct(scratch, KvmLayouts.KvmUserspaceMemoryRegion.SIZE);
      region.putInt(KvmLayouts.KvmUserspaceMemoryRegion.SLOT, slot);
      region.putLong(KvmLayouts.KvmUserspaceMemoryRegion.GUEST_PHYS_ADDR, gpa);
      region.putLong(KvmLayouts.KvmUserspaceMemoryRegion.MEMORY_SIZE, size);
      region.putLong(KvmLayouts.KvmUserspaceMemoryRegion.USERSPACE_ADDR, hva);
      // SAFETY: [hva, hva + size) is guest memory that outlives this virtual machine (class doc).
      long result = ioctl(Linux.KVM_SET_USER_MEMORY_REGION(), region);
      if (result < 0) {
        throw new KvmException(
            "map memory slot %d: gpa=0x%x, %d KiB".formatted(slot, gpa, size >> 10), (int) -result);
      }
    }
  }

  /** Replaces the table that says which interrupt controller input or message a GSI leads to. */
  public void setGsiRouting(List<GsiRoute> routes) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct table = GsiRoutingTable.of(scratch, routes);
      KvmException.check(
          ioctl(Linux.KVM_SET_GSI_ROUTING(), table), "set " + routes.size() + " interrupt routes");
    }
  }

  /** Sets the level of an interrupt line (KVM_IRQ_LINE). */
  public void setIrqLine(int gsi, boolean asserted) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct level = new KernelStruct(scratch, KvmLayouts.KvmIrqLevel.SIZE);
      level.putInt(KvmLayouts.KvmIrqLevel.IRQ, gsi);
      level.putInt(KvmLayouts.KvmIrqLevel.LEVEL, asserted ? 1 : 0);
      KvmException.check(ioctl(Linux.KVM_IRQ_LINE(), level), "set interrupt line " + gsi);
    }
  }

  /**
   * Sends a message-signalled interrupt now.
   *
   * @return whether the guest took it
   */
  public boolean signalMsi(long address, int data) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct msi = new KernelStruct(scratch, KvmLayouts.KvmMsi.SIZE);
      msi.putInt(KvmLayouts.KvmMsi.ADDRESS_LO, (int) address);
      msi.putInt(KvmLayouts.KvmMsi.ADDRESS_HI, (int) (address >>> 32));
      msi.putInt(KvmLayouts.KvmMsi.DATA, data);
      return KvmException.check(
              ioctl(Linux.KVM_SIGNAL_MSI(), msi), "send a message-signalled interrupt")
          > 0;
    }
  }

  /** From now on every signal of {@code event} raises the interrupt that {@code gsi} leads to. */
  public void attachIrqFd(EventFd event, int gsi) throws KvmException {
    irqFd(event, gsi, 0);
  }

  /** Ends what {@link #attachIrqFd} began. */
  public void detachIrqFd(EventFd event, int gsi) throws KvmException {
    irqFd(event, gsi, Linux.KVM_IRQFD_FLAG_DEASSIGN());
  }

  private void irqFd(EventFd event, int gsi, int flags) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct irqfd = new KernelStruct(scratch, KvmLayouts.KvmIrqfd.SIZE);
      irqfd.putInt(KvmLayouts.KvmIrqfd.FD, event.fd());
      irqfd.putInt(KvmLayouts.KvmIrqfd.GSI, gsi);
      irqfd.putInt(KvmLayouts.KvmIrqfd.FLAGS, flags);
      KvmException.check(ioctl(Linux.KVM_IRQFD(), irqfd), "attach an event to interrupt " + gsi);
    }
  }

  /** The address space of an ioeventfd. */
  public enum IoSpace {
    /** Port I/O. */
    PIO,
    /** Memory-mapped I/O. */
    MMIO
  }

  /**
   * A guest write that signals an eventfd in the kernel, without an exit to this process.
   *
   * @param address port or guest physical address
   * @param length 1, 2, 4 or 8 bytes; 0 for a write of any length (MMIO only)
   * @param dataMatch the value that must be written, or null for any
   */
  public record IoEvent(IoSpace space, long address, int length, @Nullable Long dataMatch) {}

  /** From now on a guest write that matches {@code io} signals {@code event}. */
  public void attachIoEventFd(EventFd event, IoEvent io) throws KvmException {
    ioEventFd(event, io, 0);
  }

  /** Ends what {@link #attachIoEventFd} began. */
  public void detachIoEventFd(EventFd event, IoEvent io) throws KvmException {
    ioEventFd(event, io, Linux.KVM_IOEVENTFD_FLAG_DEASSIGN());
  }

  private void ioEventFd(EventFd event, IoEvent io, int flags) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct request = new KernelStruct(scratch, KvmLayouts.KvmIoeventfd.SIZE);
      int all = flags | (io.space() == IoSpace.PIO ? Linux.KVM_IOEVENTFD_FLAG_PIO() : 0);
      Long match = io.dataMatch();
      if (match != null) {
        all |= Linux.KVM_IOEVENTFD_FLAG_DATAMATCH();
        request.putLong(KvmLayouts.KvmIoeventfd.DATAMATCH, match);
      }
      request.putLong(KvmLayouts.KvmIoeventfd.ADDR, io.address());
      request.putInt(KvmLayouts.KvmIoeventfd.LEN, io.length());
      request.putInt(KvmLayouts.KvmIoeventfd.FD, event.fd());
      request.putInt(KvmLayouts.KvmIoeventfd.FLAGS, all);
      KvmException.check(
          ioctl(Linux.KVM_IOEVENTFD(), request),
          "attach an event to address 0x" + Long.toHexString(io.address()));
    }
  }

  /** The paravirtual clock's time, ns. */
  public long clockNanos() throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct data = new KernelStruct(scratch, KvmLayouts.KvmClockData.SIZE);
      KvmException.check(ioctl(Linux.KVM_GET_CLOCK(), data), "read the guest's clock");
      return data.getLong(KvmLayouts.KvmClockData.CLOCK);
    }
  }

  /** Sets the paravirtual clock: after a pause, to the time that it had before. */
  public void setClockNanos(long nanos) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct data = new KernelStruct(scratch, KvmLayouts.KvmClockData.SIZE);
      data.putLong(KvmLayouts.KvmClockData.CLOCK, nanos);
      KvmException.check(ioctl(Linux.KVM_SET_CLOCK(), data), "set the guest's clock");
    }
  }

  /**
   * Makes a virtual processor. Call on the thread that will run it: the KVM API asks that one
   * thread makes all of a vCPU's calls.
   *
   * <p>With an irqchip, set a register of its local APIC before it runs ({@link
   * KvmVcpu#setLapicRegister}): Linux lists the local APICs while it makes a vCPU, before the new
   * one is found, and INIT and start-up messages are lost until it lists them again.
   *
   * @param id 0 for the boot processor; also its APIC id
   */
  public KvmVcpu createVcpu(int id) throws KvmException {
    int vcpu =
        (int)
            KvmException.check(
                NativeCalls.ioctl(fd(), Linux.KVM_CREATE_VCPU(), id), "create virtual CPU " + id);
    return KvmVcpu.open(vcpu, id, vcpuMmapSize);
  }

  /** Opens this virtual machine's statistics. */
  public KvmStats openStats() throws KvmException {
    return KvmStats.open(fd(), "the virtual machine");
  }

  private long ioctl(long request, KernelStruct argument) {
    // SAFETY: argument is the structure that the request names, held by its caller's arena.
    return NativeCalls.ioctl(fd(), request, argument.address());
  }
}
