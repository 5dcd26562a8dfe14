package org.vivarium.vmm.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.vivarium.vmm.InvalidConfigException;

/** The ELF note that names a kernel's PVH entry point (Xen, public/elfnote.h). */
final class PvhNote {
  private static final int XEN_ELFNOTE_PHYS32_ENTRY = 18;
  private static final int XEN_NAME = 0x006E_6558; // "Xen" and its NUL
  private static final int NOTE_HEADER_SIZE = 12;

  private PvhNote() {}

  /**
   * The physical address of the 32-bit entry point.
   *
   * @throws InvalidConfigException if the kernel has none or its notes are damaged
   */
  static long entry(BootImage kernel, ElfImage image) throws InvalidConfigException {
    for (ElfImage.Notes notes : image.notes()) {
      ByteBuffer bytes = kernel.copy(notes.position(), notes.size());
      long entry = find(kernel, bytes, notes.alignment());
      if (entry < 0) {
        continue;
      }
      if (!image.contains(entry)) {
        throw ElfImage.damaged(
            kernel, "its PVH entry point 0x%x is in no segment".formatted(entry));
      }
      return entry;
    }
    throw new InvalidConfigException(
        kernel.label()
            + ": it is an ELF file without a PVH entry point; use the distribution's vmlinuz, "
            + "or build the kernel with CONFIG_PVH.");
  }

  /** The entry point in a run of notes, or -1. */
  private static long find(BootImage kernel, ByteBuffer bytes, int alignment)
      throws InvalidConfigException {
    long at = 0;
    while (bytes.limit() - at >= NOTE_HEADER_SIZE) {
      int header = (int) at;
      long nameSize = Integer.toUnsignedLong(bytes.getInt(header));
      long size = Integer.toUnsignedLong(bytes.getInt(header + 4));
      long name = at + NOTE_HEADER_SIZE;
      long descriptor = align(name + nameSize, alignment);
      if (descriptor + size > bytes.limit()) {
        throw ElfImage.damaged(kernel, "a note at offset 0x%x is too long".formatted(at));
      }
      if (bytes.getInt(header + 8) == XEN_ELFNOTE_PHYS32_ENTRY
          && nameSize == Integer.BYTES
          && bytes.getInt((int) name) == XEN_NAME) {
        return value(kernel, bytes.slice((int) descriptor, (int) size));
      }
      at = align(descriptor + size, alignment);
    }
    return -1;
  }

  private static long value(BootImage kernel, ByteBuffer descriptor) throws InvalidConfigException {
    ByteBuffer bytes = descriptor.order(ByteOrder.LITTLE_ENDIAN);
    long value =
        switch (bytes.limit()) {
          case Integer.BYTES -> Integer.toUnsignedLong(bytes.getInt(0));
          case Long.BYTES -> bytes.getLong(0);
          default -> -1;
        };
    if (value < 0) {
      throw ElfImage.damaged(kernel, "its PVH note does not hold an address");
    }
    return value;
  }

  private static long align(long offset, int alignment) {
    return (offset + alignment - 1) & -alignment;
  }
}
