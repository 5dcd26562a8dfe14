package org.vivarium.kvm;

import java.lang.foreign.Arena;

/** A copy of a processor's general registers ({@code struct kvm_regs}). */
public final class KvmRegs {
  /** A general register. */
  public enum Register {
    RAX(KvmLayouts.KvmRegs.RAX),
    RBX(KvmLayouts.KvmRegs.RBX),
    RCX(KvmLayouts.KvmRegs.RCX),
    RDX(KvmLayouts.KvmRegs.RDX),
    RSI(KvmLayouts.KvmRegs.RSI),
    RDI(KvmLayouts.KvmRegs.RDI),
    RSP(KvmLayouts.KvmRegs.RSP),
    RBP(KvmLayouts.KvmRegs.RBP),
    R8(KvmLayouts.KvmRegs.R8),
    R9(KvmLayouts.KvmRegs.R9),
    RIP(KvmLayouts.KvmRegs.RIP),
    RFLAGS(KvmLayouts.KvmRegs.RFLAGS);

    private final int offset;

    Register(int offset) {
      this.offset = offset;
    }
  }

  /** RFLAGS with every flag clear: bit 1 is always set. */
  public static final long RFLAGS_CLEAR = 0x2;

  private final KernelStruct struct = new KernelStruct(Arena.ofAuto(), KvmLayouts.KvmRegs.SIZE);

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
