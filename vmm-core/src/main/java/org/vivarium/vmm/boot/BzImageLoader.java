package org.vivarium.vmm.boot;

import java.util.List;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.arch.MemoryMap;
import org.vivarium.vmm.arch.X86Layout;

/**
 * Loads a bzImage by Linux' 64-bit boot protocol (Documentation/arch/x86/boot.rst, "64-bit boot
 * protocol").
 */
public final class BzImageLoader {
  private static final long ACPI_RSDP_ADDR = X86Layout.ZERO_PAGE + 0x70;
  private static final long E820_ENTRIES = X86Layout.ZERO_PAGE + 0x1E8;
  private static final long TYPE_OF_LOADER = X86Layout.ZERO_PAGE + 0x210;
  private static final long RAMDISK_IMAGE = X86Layout.ZERO_PAGE + 0x218;
  private static final long RAMDISK_SIZE = X86Layout.ZERO_PAGE + 0x21C;
  private static final long CMD_LINE_PTR = X86Layout.ZERO_PAGE + 0x228;
  private static final long SETUP_DATA = X86Layout.ZERO_PAGE + 0x250;
  private static final long E820_TABLE = X86Layout.ZERO_PAGE + 0x2D0;
  private static final int E820_ENTRY_SIZE = 20;
  private static final int UNDEFINED_LOADER = 0xFF;

  private BzImageLoader() {}

  /**
   * Writes the kernel, the initrd and what the kernel needs to start.
   *
   * @throws InvalidConfigException if a file is not what it should be or does not fit
   */
  public static EntryState load(BootFiles files, BootTarget target) throws InvalidConfigException {
    BzImageHeader header = BzImageHeader.read(files.kernel());
    long start = header.loadAddress();
    long end = start + header.memorySize();
    long initrdAddress = Placement.place(files, end, header.initrdLimit(), target.map());
    GuestMemory memory = target.memory();
    CommandLine.write(memory, files.commandLine(), header.commandLineSize());
    files.kernel().copyTo(memory, start, header.codePosition(), header.codeSize());
    return enter(start + BzImageHeader.ENTRY_64, header, files, initrdAddress, target);
  }

  /**
   * Writes all that a kernel needs beside itself, and its command line, to be entered in 64-bit
   * mode.
   *
   * @param rip its first instruction, a guest physical address
   * @param initrdAddress where the initrd goes, if there is one
   */
  static EntryState enter(
      long rip, BzImageHeader header, BootFiles files, long initrdAddress, BootTarget target)
      throws InvalidConfigException {
    GuestMemory memory = target.memory();
    writeZeroPage(memory, header, target.map());
    BootImage initrd = files.initrd();
    if (initrd != null) {
      initrd.copyTo(memory, initrdAddress, 0, initrd.size());
      memory.writeU32(RAMDISK_IMAGE, initrdAddress);
      memory.writeU32(RAMDISK_SIZE, initrd.size());
    }
    Gdt.write(memory, EntryState.Mode.LONG_64);
    IdentityMap.write(memory);
    return new EntryState(EntryState.Mode.LONG_64, rip, X86Layout.ZERO_PAGE);
  }

  private static void writeZeroPage(GuestMemory memory, BzImageHeader header, MemoryMap map) {
    byte[] page = new byte[(int) GuestMemory.PAGE_SIZE];
    header
        .bytes()
        .get(BzImageHeader.START, page, BzImageHeader.START, header.end() - BzImageHeader.START);
    memory.write(X86Layout.ZERO_PAGE, page, 0, page.length);
    memory.writeU8(TYPE_OF_LOADER, UNDEFINED_LOADER);
    memory.writeU32(CMD_LINE_PTR, X86Layout.COMMAND_LINE);
    // The file's own values mean nothing: they are for the loader to set.
    memory.writeU32(RAMDISK_IMAGE, 0);
    memory.writeU32(RAMDISK_SIZE, 0);
    memory.writeU64(SETUP_DATA, 0);
    if (header.version() >= BzImageHeader.VERSION_RSDP) {
      memory.writeU64(ACPI_RSDP_ADDR, X86Layout.RSDP);
    }
    List<MemoryMap.Entry> entries = map.entries();
    memory.writeU8(E820_ENTRIES, entries.size());
    for (int i = 0; i < entries.size(); i++) {
      long at = E820_TABLE + (long) i * E820_ENTRY_SIZE;
      memory.writeU64(at, entries.get(i).start());
      memory.writeU64(at + 8, entries.get(i).size());
      memory.writeU32(at + 16, entries.get(i).kind().code());
    }
  }
}
