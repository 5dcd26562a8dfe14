package org.vivarium.vmm.boot;

import java.nio.ByteBuffer;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.arch.X86Layout;

/**
 * The checked setup header of a bzImage (Linux, Documentation/arch/x86/boot.rst).
 *
 * @param bytes the file's first sectors, little-endian
 * @param codePosition where the protected-mode code starts in the file
 * @param codeSize its bytes, to the end of the file
 */
record BzImageHeader(ByteBuffer bytes, long codePosition, long codeSize) {
  /** Offset of the setup header, in the file and in struct boot_params. */
  static final int START = 0x1F1;

  /** 64-bit entry point, from the start of the protected-mode code. */
  static final int ENTRY_64 = 0x200;

  /** Boot protocol 2.14 added acpi_rsdp_addr to boot_params. */
  static final int VERSION_RSDP = 0x20E;

  private static final int VERSION_64_BIT = 0x20C;
  private static final int SECTOR = 512;
  private static final int READ_SIZE = 2 * SECTOR;
  private static final int BOOT_FLAG = 0x1FE;
  private static final int MAGIC = 0x202;
  private static final int HEADER_MAGIC = 0x5372_6448; // "HdrS"
  private static final int VERSION = 0x206;

  /**
   * Offset of loadflags, whose bit {@link #KASLR} tells the kernel that its addresses are random.
   */
  static final int LOAD_FLAGS = 0x211;

  /** KASLR_FLAG of loadflags. */
  static final int KASLR = 1 << 1;

  private static final int LOADED_HIGH = 1;
  private static final int INITRD_ADDR_MAX = 0x22C;
  private static final int KERNEL_ALIGNMENT = 0x230;
  private static final int RELOCATABLE_KERNEL = 0x234;
  private static final int XLOADFLAGS = 0x236;
  private static final int XLF_KERNEL_64 = 1;
  private static final int XLF_CAN_BE_LOADED_ABOVE_4G = 1 << 1;
  private static final int CMDLINE_SIZE = 0x238;
  private static final int PAYLOAD_OFFSET = 0x248;
  private static final int PAYLOAD_LENGTH = 0x24C;
  private static final int PREF_ADDRESS = 0x258;
  private static final int INIT_SIZE = 0x260;
  private static final int LAST_NEEDED_END = 0x264;
  private static final int END_IN_BOOT_PARAMS = 0x290;

  /** Whether a file that starts so is meant to be a bzImage. */
  static boolean recognises(ByteBuffer start) {
    return start.limit() >= MAGIC + Integer.BYTES
        && start.getShort(BOOT_FLAG) == (short) 0xAA55
        && start.getInt(MAGIC) == HEADER_MAGIC;
  }

  /**
   * Reads and checks the header.
   *
   * @throws InvalidConfigException if the kernel cannot be entered in 64-bit mode or is damaged
   */
  static BzImageHeader read(BootImage kernel) throws InvalidConfigException {
    if (kernel.size() < READ_SIZE) {
      throw truncated(kernel, READ_SIZE);
    }
    ByteBuffer bytes = kernel.copy(0, READ_SIZE);
    int version = Short.toUnsignedInt(bytes.getShort(VERSION));
    if (version < VERSION_64_BIT || (bytes.getShort(XLOADFLAGS) & XLF_KERNEL_64) == 0) {
      throw new InvalidConfigException(
          ("%s: it speaks boot protocol %d.%02d without a 64-bit entry point; "
                  + "use a 64-bit Linux kernel of version 3.8 or later.")
              .formatted(kernel.label(), version >> 8, version & 0xFF));
    }
    int setupSectors = Byte.toUnsignedInt(bytes.get(START));
    // Boot protocol: "a setup_sects of 0 means 4".
    long codePosition = (setupSectors == 0 ? 4 + 1 : setupSectors + 1) * (long) SECTOR;
    long declared = Integer.toUnsignedLong(bytes.getInt(START + 3)) * 16;
    long needed = codePosition + Math.max(declared, ENTRY_64 + 1);
    if (kernel.size() < needed) {
      throw truncated(kernel, needed);
    }
    BzImageHeader header = new BzImageHeader(bytes, codePosition, kernel.size() - codePosition);
    if (header.end() < LAST_NEEDED_END || (bytes.get(LOAD_FLAGS) & LOADED_HIGH) == 0) {
      throw new InvalidConfigException(
          kernel.label() + ": its setup header is damaged; get the kernel again.");
    }
    header.checkPayload(kernel);
    header.checkAddress(kernel);
    return header;
  }

  private void checkPayload(BootImage kernel) throws InvalidConfigException {
    if (payloadOffset() > codeSize || payloadLength() > codeSize - payloadOffset()) {
      throw truncated(kernel, codePosition + payloadOffset() + payloadLength());
    }
  }

  private void checkAddress(BootImage kernel) throws InvalidConfigException {
    long address = loadAddress();
    boolean inRam = address >= X86Layout.EXTENDED_MEMORY && address < X86Layout.LOW_RAM_MAX;
    if (!inRam || memorySize() > X86Layout.LOW_RAM_MAX - address) {
      throw new InvalidConfigException(
          "%s: it asks for %d bytes at 0x%x, which is not between 1 MiB and 3 GiB; "
                  .formatted(kernel.label(), memorySize(), address)
              + "the file is damaged, get the kernel again.");
    }
  }

  private static InvalidConfigException truncated(BootImage kernel, long needed) {
    return new InvalidConfigException(
        "%s: it has %d bytes but its header promises %d; the file is cut off, get it again."
            .formatted(kernel.label(), kernel.size(), needed));
  }

  /** First offset after the header. */
  int end() {
    return Math.min(MAGIC + Byte.toUnsignedInt(bytes.get(MAGIC - 1)), END_IN_BOOT_PARAMS);
  }

  int version() {
    return Short.toUnsignedInt(bytes.getShort(VERSION));
  }

  /**
   * Where to load the protected-mode code: pref_address. A relocatable kernel that stands lower
   * moves itself up to it, so that standing lower would save no memory.
   */
  long loadAddress() {
    return bytes.getLong(PREF_ADDRESS);
  }

  /** Whether it may stand elsewhere too, at a multiple of {@link #alignment()}. */
  boolean isRelocatable() {
    return bytes.get(RELOCATABLE_KERNEL) != 0;
  }

  /** What a relocatable kernel's address must be a multiple of, bytes. */
  long alignment() {
    return Integer.toUnsignedLong(bytes.getInt(KERNEL_ALIGNMENT));
  }

  /** Bytes from {@link #loadAddress()} that the kernel uses before it looks at the memory map. */
  long memorySize() {
    return Math.max(Integer.toUnsignedLong(bytes.getInt(INIT_SIZE)), codeSize);
  }

  /** First address that the initrd may not reach. */
  long initrdLimit() {
    if ((bytes.getShort(XLOADFLAGS) & XLF_CAN_BE_LOADED_ABOVE_4G) != 0) {
      return X86Layout.HIGH_RAM;
    }
    return Integer.toUnsignedLong(bytes.getInt(INITRD_ADDR_MAX)) + 1;
  }

  /** Characters of a command line, without its NUL. */
  long commandLineSize() {
    return Integer.toUnsignedLong(bytes.getInt(CMDLINE_SIZE));
  }

  /** Where the compressed kernel starts in the protected-mode code. */
  long payloadOffset() {
    return Integer.toUnsignedLong(bytes.getInt(PAYLOAD_OFFSET));
  }

  /** Bytes of the compressed kernel; 0 if there is none. */
  long payloadLength() {
    return Integer.toUnsignedLong(bytes.getInt(PAYLOAD_LENGTH));
  }
}
