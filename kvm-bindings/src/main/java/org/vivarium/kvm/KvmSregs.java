package org.vivarium.kvm;

import java.lang.foreign.Arena;

/** A copy of a processor's system registers ({@code struct kvm_sregs}). */
public final class KvmSregs {
  /** A control register or model-specific register that KVM keeps with the system registers. */
  public enum Control {
    CR0(KvmLayouts.KvmSregs.CR0),
    CR3(KvmLayouts.KvmSregs.CR3),
    CR4(KvmLayouts.KvmSregs.CR4),
    EFER(KvmLayouts.KvmSregs.EFER);

    private final int offset;

    Control(int offset) {
      this.offset = offset;
    }
  }

  /** A segment register. */
  public enum SegmentRegister {
    CS(KvmLayouts.KvmSregs.CS),
    DS(KvmLayouts.KvmSregs.DS),
    ES(KvmLayouts.KvmSregs.ES),
    FS(KvmLayouts.KvmSregs.FS),
    GS(KvmLayouts.KvmSregs.GS),
    SS(KvmLayouts.KvmSregs.SS),
    TR(KvmLayouts.KvmSregs.TR);

    private final int offset;

    SegmentRegister(int offset) {
      this.offset = offset;
    }
  }

  private final KernelStruct struct = new KernelStruct(Arena.ofAuto(), KvmLayouts.KvmSregs.SIZE);

  KvmSregs() {}

  /** The value of a control register. */
  public long get(Control control) {
    return struct.getLong(control.offset);
  }

  /** Sets a control register in this copy; KvmVcpu.setSregs gives it to the processor. */
  public KvmSregs set(Control control, long value) {
    struct.putLong(control.offset, value);
    return this;
  }

  /**
   * Sets a segment register and its hidden part.
   *
   * @param selector index in the descriptor table, times 8
   * @param descriptor the eight bytes of the segment descriptor (Intel SDM vol. 3, 3.4.5)
   */
  public KvmSregs set(SegmentRegister register, int selector, long descriptor) {
    int target = register.offset;
    int limit = (int) ((descriptor & 0xFFFF) | ((descriptor >>> 32) & 0xF0000));
    boolean granular = bit(descriptor, 55) == 1;
    struct.putLong(
        target + KvmLayouts.KvmSegment.BASE,
        ((descriptor >>> 16) & 0xFF_FFFF) | ((descriptor >>> 32) & 0xFF00_0000L));
    struct.putInt(target + KvmLayouts.KvmSegment.LIMIT, granular ? (limit << 12) | 0xFFF : limit);
    struct.putShort(target + KvmLayouts.KvmSegment.SELECTOR, selector);
    struct.putByte(target + KvmLayouts.KvmSegment.TYPE, (int) ((descriptor >>> 40) & 0xF));
    struct.putByte(target + KvmLayouts.KvmSegment.S, bit(descriptor, 44));
    struct.putByte(target + KvmLayouts.KvmSegment.DPL, (int) ((descriptor >>> 45) & 3));
    struct.putByte(target + KvmLayouts.KvmSegment.PRESENT, bit(descriptor, 47));
    struct.putByte(target + KvmLayouts.KvmSegment.AVL, bit(descriptor, 52));
    struct.putByte(target + KvmLayouts.KvmSegment.L, bit(descriptor, 53));
    struct.putByte(target + KvmLayouts.KvmSegment.DB, bit(descriptor, 54));
    struct.putByte(target + KvmLayouts.KvmSegment.G, bit(descriptor, 55));
    struct.putByte(target + KvmLayouts.KvmSegment.UNUSABLE, bit(descriptor, 47) ^ 1);
    return this;
  }

  private static int bit(long value, int number) {
    return (int) (value >>> number) & 1;
  }

  /** Sets a real-mode segment: base is 16 times the selector, limit 64 KiB. */
  public KvmSregs setRealMode(SegmentRegister register, int selector) {
    int target = register.offset;
    struct.putLong(target + KvmLayouts.KvmSegment.BASE, (long) selector << 4);
    struct.putShort(target + KvmLayouts.KvmSegment.SELECTOR, selector);
    return this;
  }

  /** Sets where the global descriptor table is. */
  public KvmSregs setGdt(long address, int limit) {
    return setTable(KvmLayouts.KvmSregs.GDT, address, limit);
  }

  /** Sets where the interrupt descriptor table is. */
  public KvmSregs setIdt(long address, int limit) {
    return setTable(KvmLayouts.KvmSregs.IDT, address, limit);
  }

  private KvmSregs setTable(int offset, long address, int limit) {
    struct.putLong(offset + KvmLayouts.KvmDtable.BASE, address);
    struct.putShort(offset + KvmLayouts.KvmDtable.LIMIT, limit);
    return this;
  }

  KernelStruct struct() {
    return struct;
  }
}
