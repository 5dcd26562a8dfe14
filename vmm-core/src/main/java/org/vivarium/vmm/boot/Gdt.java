package org.vivarium.vmm.boot;

import org.vivarium.kvm.GuestMemory;
import org.vivarium.vmm.arch.X86Layout;

/**
 * The global descriptor table that a kernel starts with.
 *
 * <p>Selectors 0x10 (code) and 0x18 (data) are what the Linux boot protocol demands; PVH leaves the
 * choice to us.
 */
final class Gdt {
  /**
   * Null, unused, code, data, and a task state segment, whose descriptor takes two in long mode.
   */
  static final int SIZE = 6 * Long.BYTES;

  /** Flat read-write data. */
  static final Segment DATA = new Segment(0x18, 0x00CF_9300_0000_FFFFL);

  /** A busy task state segment at 0, never used. */
  static final Segment TASK = new Segment(0x20, 0x0000_8B00_0000_0067L);

  private static final Segment CODE_64 = new Segment(0x10, 0x00AF_9B00_0000_FFFFL);
  private static final Segment CODE_32 = new Segment(0x10, 0x00CF_9B00_0000_FFFFL);

  private Gdt() {}

  /** Flat execute-read code. */
  static Segment code(EntryState.Mode mode) {
    return switch (mode) {
      case LONG_64 -> CODE_64;
      case PROTECTED_32 -> CODE_32;
    };
  }

  static void write(GuestMemory memory, EntryState.Mode mode) {
    for (int offset = 0; offset < SIZE; offset += Long.BYTES) {
      memory.writeU64(X86Layout.GDT + offset, 0);
    }
    for (Segment segment : new Segment[] {code(mode), DATA, TASK}) {
      memory.writeU64(X86Layout.GDT + segment.selector(), segment.descriptor());
    }
  }
}
