package org.vivarium.vmm.cpu;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.KvmRegs;
import org.vivarium.kvm.KvmRegs.Register;
import org.vivarium.kvm.KvmSregs;
import org.vivarium.kvm.KvmSregs.Control;
import org.vivarium.kvm.KvmSregs.SegmentRegister;
import org.vivarium.kvm.KvmVcpu;
import org.vivarium.kvm.Msr;
import org.vivarium.vmm.boot.EntryState;

/**
 * Gives a processor its first state: CPUID, model-specific registers, local APIC and, to the boot
 * processor, the registers with which it enters the kernel. The others wait for the kernel's
 * start-up message in the state that KVM resets them to.
 */
public final class CpuSetup implements Vcpu.Setup {
  private static final int IA32_MISC_ENABLE = 0x1A0;
  private static final long FAST_STRINGS = 1;
  private static final int IA32_MTRR_DEF_TYPE = 0x2FF;
  private static final long MTRR_ENABLE = 1 << 11;
  private static final long WRITE_BACK = 6;

  /** What firmware would have set, and Linux warns of or slows down without. */
  private static final List<Msr> FIRMWARE_MSRS =
      List.of(
          new Msr(IA32_MTRR_DEF_TYPE, MTRR_ENABLE | WRITE_BACK),
          new Msr(IA32_MISC_ENABLE, FAST_STRINGS));

  private static final int APIC_LVT0 = 0x350;
  private static final int APIC_LVT1 = 0x360;
  private static final int DELIVERY_MODE = 0x700;
  private static final int DELIVERY_NMI = 0x400;
  private static final int DELIVERY_EXTINT = 0x700;

  private final CpuidTemplate cpuid;
  private final @Nullable EntryState entry;

  /**
   * @param cpuid what CPUID answers
   * @param entry how the boot processor enters the kernel, or null for the others
   */
  public CpuSetup(CpuidTemplate cpuid, @Nullable EntryState entry) {
    this.cpuid = cpuid;
    this.entry = entry;
  }

  @Override
  public void prepare(KvmVcpu vcpu) throws KvmException {
    vcpu.setCpuid(cpuid.forProcessor(vcpu.id()));
    // A host that lacks one of these (an emulated or nested one may) runs the guest without it.
    for (Msr msr : FIRMWARE_MSRS) {
      vcpu.setMsrs(List.of(msr));
    }
    setDeliveryMode(vcpu, APIC_LVT0, DELIVERY_EXTINT);
    setDeliveryMode(vcpu, APIC_LVT1, DELIVERY_NMI);
    if (entry != null) {
      enter(vcpu, entry);
    }
  }

  private static void setDeliveryMode(KvmVcpu vcpu, int register, int mode) throws KvmException {
    int value = vcpu.lapicRegister(register);
    vcpu.setLapicRegister(register, (value & ~DELIVERY_MODE) | mode);
  }

  private static void enter(KvmVcpu vcpu, EntryState state) throws KvmException {
    KvmSregs sregs = vcpu.sregs();
    sregs
        .set(Control.CR0, state.cr0())
        .set(Control.CR3, state.cr3())
        .set(Control.CR4, state.cr4())
        .set(Control.EFER, state.efer())
        .set(SegmentRegister.CS, state.code().selector(), state.code().descriptor())
        .set(SegmentRegister.TR, state.task().selector(), state.task().descriptor())
        .setGdt(state.gdtBase(), state.gdtLimit())
        .setIdt(0, 0);
    for (SegmentRegister data :
        List.of(
            SegmentRegister.DS,
            SegmentRegister.ES,
            SegmentRegister.FS,
            SegmentRegister.GS,
            SegmentRegister.SS)) {
      sregs.set(data, state.data().selector(), state.data().descriptor());
    }
    vcpu.setSregs(sregs);
    vcpu.setRegs(
        new KvmRegs()
            .set(Register.RIP, state.rip())
            .set(Register.RSP, state.rsp())
            .set(Register.RSI, state.rsi())
            .set(Register.RBX, state.rbx())
            .set(Register.RFLAGS, state.rflags()));
  }
}
