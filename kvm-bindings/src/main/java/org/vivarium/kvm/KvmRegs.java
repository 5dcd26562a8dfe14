package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vivarium.kvm.ffi.kvm_regs;

/** A copy of a processor's general registers ({@code struct kvm_regs}). */
public final class KvmRegs {
  /** A general register. */
  public enum Register {
    RAX(kvm_regs.rax$offset()),
    RBX(kvm_regs.rbx$offset()),
    RCX(kvm_regs.rcx$offset()),
    RDX(kvm_regs.rdx$offset()),
    RSI(kvm_regs.rsi$offset()),
    RDI(kvm_regs.rdi$offset()),
    RSP(kvm_regs.rsp$offset()),
    RBP(kvm_regs.rbp$offset()),
    R8(kvm_regs.r8$offset()),
    R9(kvm_regs.r9$offset()),
    RIP(kvm_regs.rip$offset()),
    RFLAGS(kvm_regs.rflags$offset());

    private final long offset;

    Register(long offset) {
      this.offset = offset;
    }
  }

  /** RFLAGS with every flag clear: bit 1 is always set. */
  public static final long RFLAGS_CLEAR = 0x2;

  private final MemorySegment segment = kvm_regs.allocate(Arena.ofAuto());

  /** All registers 0, but RFLAGS clear as the processor wants it. */
  public KvmRegs() {
    set(Register.RFLAGS, RFLAGS_CLEAR);
  }

  /** The value of a register. */
  public long get(Register register) {
    return segment.get(ValueLayout.JAVA_LONG, register.offset);
  }

  /** Sets a register in this copy; KvmVcpu.setRegs gives it to the processor. */
  public KvmRegs set(Register register, long value) {
    segment.set(ValueLayout.JAVA_LONG, register.offset, value);
    return this;
  }

  MemorySegment segment() {
    return segment;
  }
}
