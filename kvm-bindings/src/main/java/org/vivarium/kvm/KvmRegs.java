package org.vivarium.kvm;

import java.lang.foreign.Arena;

/** A copy of a processor's general registers ({@code struct kvm_regs}). */
public final class KvmRegs {
  /** A general register. */
  public enum Register {
    RAX(KernelLayouts.KvmRegs.RAX),
    RBX(KernelLayouts.KvmRegs.RBX),
    RCX(KernelLayouts.KvmRegs.RCX),
    RDX(KernelLayouts.KvmRegs.RDX),
    RSI(KernelLayouts.KvmRegs.RSI),
    RDI(KernelLayouts.KvmRegs.RDI),
    RSP(KernelLayouts.KvmRegs.RSP),
    RBP(KernelLayouts.KvmRegs.RBP),
    R8(KernelLayouts.KvmRegs.R8),
    R9(KernelLayouts.KvmRegs.R9),
    RIP(KernelLayouts.KvmRegs.RIP),
    RFLAGS(KernelLayouts.KvmRegs.RFLAGS);

    private final int offset;

    Register(int offset) {
      this.offset = offset;
    }
  }

  /** RFLAGS with every flag clear: bit 1 is always set. */
  public static final long RFLAGS_CLEAR = 0x2;

  private final KernelStruct struct = new KernelStruct(Arena.ofAuto(), KernelLayouts.KvmRegs.SIZE);

  /** All registers 0, but RFLAGS clear as the processor wants it. */
  public KvmRegs() {
    set(Register.RFLAGS, RFLAGS_CLEAR);
  }

  /** The value of a register. */
  public long get(Register register) {
    return struct.getLong(register.offset);
  }

  /** Sets a register in this copy; KvmVcpu.setRegs gives it to the processor. */
  public KvmRegs set(Register register, long value) {
    struct.putLong(register.offset, value);
    return this;
  }

  KernelStruct struct() {
    return struct;
  }
}
