package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vivarium.kvm.ffi.kvm_dtable;
import org.vivarium.kvm.ffi.kvm_segment;
import org.vivarium.kvm.ffi.kvm_sregs;

/** A copy of a processor's system registers ({@code struct kvm_sregs}). */
public final class KvmSregs {
  /** A control register or model-specific register that KVM keeps with the system registers. */
  public enum Control {
    CR0(kvm_sregs.cr0$offset()),
    CR3(kvm_sregs.cr3$offset()),
    CR4(kvm_sregs.cr4$offset()),
    EFER(kvm_sregs.efer$offset());

    private final long offset;

    Control(long offset) {
      this.offset = offset;
    }
  }

  /** A segment register. */
  public enum SegmentRegister {
    CS(kvm_sregs.cs$offset()),
    DS(kvm_sregs.ds$offset()),
    ES(kvm_sregs.es$offset()),
    FS(kvm_sregs.fs$offset()),
    GS(kvm_sregs.gs$offset()),
    SS(kvm_sregs.ss$offset()),
    TR(kvm_sregs.tr$offset());

    private final long offset;

    SegmentRegister(long offset) {
      this.offset = offset;
    }
  }

  private final MemorySegment segment = kvm_sregs.allocate(Arena.ofAuto());

  KvmSregs() {}

  /** The value of a control register. */
  public long get(Control control) {
    return segment.get(ValueLayout.JAVA_LONG, control.offset);
  }

  /** Sets a control register in this copy; KvmVcpu.setSregs gives it to the processor. */
  public KvmSregs set(Control control, long value) {
    segment.set(ValueLayout.JAVA_LONG, control.offset, value);
    return this;
  }

  /**
   * Sets a segment register and its hidden part.
   *
   * @param selector index in the descriptor table, times 8
   * @param descriptor the eight bytes of the segment descriptor (Intel SDM vol. 3, 3.4.5)
   */
  public KvmSregs set(SegmentRegister register, int selector, long descriptor) {
    MemorySegment target = segment.asSlice(register.offset, kvm_segment.sizeof());
    int limit = (int) ((descriptor & 0xFFFF) | ((descriptor >>> 32) & 0xF0000));
    boolean granular = bit(descriptor, 55) == 1;
    kvm_segment.base(
        target, ((descriptor >>> 16) & 0xFF_FFFF) | ((descriptor >>> 32) & 0xFF00_0000L));
    kvm_segment.limit(target, granular ? (limit << 12) | 0xFFF : limit);
    kvm_segment.selector(target, (short) selector);
    kvm_segment.type(target, (byte) ((descriptor >>> 40) & 0xF));
    kvm_segment.s(target, bit(descriptor, 44));
    kvm_segment.dpl(target, (byte) ((descriptor >>> 45) & 3));
    kvm_segment.present(target, bit(descriptor, 47));
    kvm_segment.avl(target, bit(descriptor, 52));
    kvm_segment.l(target, bit(descriptor, 53));
    kvm_segment.db(target, bit(descriptor, 54));
    kvm_segment.g(target, bit(descriptor, 55));
    kvm_segment.unusable(target, (byte) (bit(descriptor, 47) ^ 1));
    return this;
  }

  private static byte bit(long value, int number) {
    return (byte) ((value >>> number) & 1);
  }

  /** Sets a real-mode segment: base is 16 times the selector, limit 64 KiB. */
  public KvmSregs setRealMode(SegmentRegister register, int selector) {
    MemorySegment target = segment.asSlice(register.offset, kvm_segment.sizeof());
    kvm_segment.base(target, (long) selector << 4);
    kvm_segment.selector(target, (short) selector);
    return this;
  }

  /** Sets where the global descriptor table is. */
  public KvmSregs setGdt(long address, int limit) {
    return setTable(kvm_sregs.gdt$offset(), address, limit);
  }

  /** Sets where the interrupt descriptor table is. */
  public KvmSregs setIdt(long address, int limit) {
    return setTable(kvm_sregs.idt$offset(), address, limit);
  }

  private KvmSregs setTable(long offset, long address, int limit) {
    MemorySegment table = segment.asSlice(offset, kvm_dtable.sizeof());
    kvm_dtable.base(table, address);
    kvm_dtable.limit(table, (short) limit);
    return this;
  }

  MemorySegment segment() {
    return segment;
  }
}
