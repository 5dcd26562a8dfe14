package org.vivarium.vmm.boot;

import java.util.List;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.arch.MemoryMap;
import org.vivarium.vmm.arch.X86Layout;

/**
 * Loads an ELF kernel by PVH, the x86/HVM direct boot ABI (Xen, docs/misc/pvh.pandoc and
 * public/arch-x86/hvm/start_info.h).
 */
public final class ElfLoader {
  private static final long MAGIC = 0x336E_C578L;
  private static final int VERSION_WITH_MEMORY_MAP = 1;
  private static final int MEMORY_MAP_ENTRY_SIZE = 24;

  /** COMMAND_LINE_SIZE of Linux on x86, without the NUL; PVH has no field for it. */
  private static final int LINUX_COMMAND_LINE = 2047;

  private ElfLoader() {}

  /**
   * Writes the kernel, the initrd and what the kernel needs to start.
   *
   * @throws InvalidConfigException if a file is not what it should be or does not fit
   */
  public static EntryState load(BootFiles files, BootTarget target) throws InvalidConfigException {
    BootImage kernel = files.kernel();
    ElfImage image = ElfImage.read(kernel);
    long entry = PvhNote.entry(kernel, image);
    long initrdAddress = Placement.place(files, image.end(), X86Layout.LOW_RAM_MAX, target.map());
    GuestMemory memory = target.memory();
    CommandLine.write(memory, files.commandLine(), LINUX_COMMAND_LINE);
    for (ElfImage.Segment segment : image.segments()) {
      // The rest of a segment, up to its size in memory, reads zero already.
      kernel.copyTo(memory, segment.address(), segment.position(), segment.fileSize());
    }
    BootImage initrd = files.initrd();
    writeStartInfo(memory, initrd != null, target.map());
    if (initrd != null) {
      initrd.copyTo(memory, initrdAddress, 0, initrd.size());
      memory.writeU64(X86Layout.PVH_MODULES, initrdAddress);
      memory.writeU64(X86Layout.PVH_MODULES + 8, initrd.size());
    }
    Gdt.write(memory, EntryState.Mode.PROTECTED_32);
    return new EntryState(EntryState.Mode.PROTECTED_32, entry, X86Layout.PVH_START_INFO);
  }

  private static void writeStartInfo(GuestMemory memory, boolean withInitrd, MemoryMap map) {
    List<MemoryMap.Entry> entries = map.entries();
    long at = X86Layout.PVH_START_INFO;
    memory.writeU32(at, MAGIC);
    memory.writeU32(at + 4, VERSION_WITH_MEMORY_MAP);
    memory.writeU32(at + 12, withInitrd ? 1 : 0);
    memory.writeU64(at + 16, withInitrd ? X86Layout.PVH_MODULES : 0);
    memory.writeU64(at + 24, X86Layout.COMMAND_LINE);
    memory.writeU64(at + 32, X86Layout.RSDP);
    memory.writeU64(at + 40, X86Layout.PVH_MEMORY_MAP);
    memory.writeU32(at + 48, entries.size());
    for (int i = 0; i < entries.size(); i++) {
      long line = X86Layout.PVH_MEMORY_MAP + (long) i * MEMORY_MAP_ENTRY_SIZE;
      memory.writeU64(line, entries.get(i).start());
      memory.writeU64(line + 8, entries.get(i).size());
      memory.writeU32(line + 16, entries.get(i).kind().code());
    }
  }
}
