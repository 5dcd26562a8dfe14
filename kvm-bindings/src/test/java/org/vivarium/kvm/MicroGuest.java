package org.vivarium.kvm;

import java.util.HexFormat;
import java.util.List;
import org.vivarium.kvm.KvmRegs.Register;
import org.vivarium.kvm.KvmSregs.Control;
import org.vivarium.kvm.KvmSregs.SegmentRegister;

/**
 * A machine for a program of a few instructions: 128 KiB of RAM at 0, one processor, code at {@link
 * #CODE}. Made, run and closed by one thread.
 */
final class MicroGuest implements AutoCloseable {
  /** Guest physical address of the first instruction. */
  static final long CODE = 0x1000;

  /** Where a test puts an interrupt handler or a second program. */
  static final long HANDLER = 0x1800;

  /** Size of the RAM at address 0. */
  static final long RAM = 0x2_0000;

  private static final long STACK = 0x4000;
  private static final long PAGE_TABLES = 0x8000;
  private static final long FLAT_CODE_64 = 0x00AF_9B00_0000_FFFFL;
  private static final long FLAT_DATA = 0x00CF_9300_0000_FFFFL;

  final Kvm kvm;
  final KvmVm vm;
  final GuestMemory memory;
  final KvmVcpu vcpu;

  private MicroGuest(boolean irqchip) throws KvmException, KvmUnavailableException {
    kvm = Kvm.open();
    vm = kvm.createVm();
    memory =
        GuestMemory.allocate(List.of(new GuestMemory.Range(0, RAM)), GuestMemory.Backing.MEMFD);
    if (irqchip) {
      vm.setTssAddress(0xFFFB_D000L);
      vm.createIrqchip();
    }
    vm.setMemorySlot(0, memory.regions().get(0));
    vcpu = vm.createVcpu(0);
  }

  /** A processor in real mode at {@link #CODE}, without interrupt controllers. */
  static MicroGuest realMode(String... instructions) throws Exception {
    return new MicroGuest(false).inRealMode(instructions);
  }

  /** As {@link #realMode} but with the kernel's interrupt controllers. */
  static MicroGuest realModeWithIrqchip(String... instructions) throws Exception {
    return new MicroGuest(true).inRealMode(instructions);
  }

  /** A processor in 64-bit mode whose addresses are the physical ones from 0 to 8 GiB. */
  static MicroGuest longMode(String... instructions) throws Exception {
    MicroGuest guest = new MicroGuest(false);
    guest.write(CODE, instructions);
    guest.identityMap();
    KvmSregs sregs = guest.vcpu.sregs();
    sregs.set(SegmentRegister.CS, 0x08, FLAT_CODE_64);
    for (SegmentRegister register :
        List.of(SegmentRegister.DS, SegmentRegister.ES, SegmentRegister.SS)) {
      sregs.set(register, 0x10, FLAT_DATA);
    }
    sregs.set(Control.CR3, PAGE_TABLES);
    sregs.set(Control.CR4, 0x20); // PAE
    sregs.set(Control.EFER, 0x500); // LME, LMA
    sregs.set(Control.CR0, 0x8000_0001L); // PG, PE
    guest.vcpu.setSregs(sregs);
    guest.startAt(guest.vcpu, CODE);
    return guest;
  }

  private MicroGuest inRealMode(String... instructions) throws KvmException {
    write(CODE, instructions);
    enterRealMode(vcpu, CODE);
    return this;
  }

  /** Puts any processor of this machine into real mode with all segments at 0. */
  void enterRealMode(KvmVcpu processor, long address) throws KvmException {
    KvmSregs sregs = processor.sregs();
    sregs.setRealMode(SegmentRegister.CS, 0);
    processor.setSregs(sregs);
    startAt(processor, address);
  }

  private void startAt(KvmVcpu processor, long address) throws KvmException {
    processor.setRegs(new KvmRegs().set(Register.RIP, address).set(Register.RSP, STACK));
  }

  /** 2 MiB pages for 8 GiB: one PML4, one page directory pointer table, eight directories. */
  private void identityMap() {
    long present = 0x3; // present, writable
    long directoryPointers = PAGE_TABLES + 0x1000;
    long directories = PAGE_TABLES + 0x2000;
    memory.writeU64(PAGE_TABLES, directoryPointers | present);
    for (int i = 0; i < 8; i++) {
      memory.writeU64(directoryPointers + 8L * i, (directories + 0x1000L * i) | present);
    }
    for (long i = 0; i < 8 * 512; i++) {
      memory.writeU64(directories + 8 * i, (i << 21) | 0x80 | present);
    }
  }

  /** Guest memory at {@code gpa}, put into memory slot {@code slot}; the caller closes it last. */
  GuestMemory addSlot(int slot, long gpa, long size) throws KvmException {
    GuestMemory more =
        GuestMemory.allocate(List.of(new GuestMemory.Range(gpa, size)), GuestMemory.Backing.MEMFD);
    vm.setMemorySlot(slot, more.regions().get(0));
    return more;
  }

  /** Writes machine code given as hexadecimal bytes. */
  void write(long address, String... instructions) {
    byte[] code = assemble(instructions);
    memory.write(address, code, 0, code.length);
  }

  static byte[] assemble(String... instructions) {
    return HexFormat.of().parseHex(String.join("", instructions).replace(" ", ""));
  }

  /** Makes vector {@code vector} of the real-mode interrupt table lead to {@code handler}. */
  void setVector(int vector, long handler) {
    memory.writeU32(vector * 4L, handler);
  }

  int run() throws KvmException {
    return vcpu.run();
  }

  KvmRun exit() {
    return vcpu.exit();
  }

  @Override
  public void close() {
    vcpu.close();
    vm.close();
    kvm.close();
    memory.close();
  }
}
