package org.vivarium.vmm.boot;

import org.vivarium.images.kernel.UnpackedKernel;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.arch.X86Layout;

/**
 * Loads a kernel that was unpacked beforehand, and does what its decompressor would have done
 * (Linux, arch/x86/boot/compressed): picks its physical and its virtual address at random (KASLR)
 * and has the guest move its addresses to the latter ({@link Relocator}). Entered in 64-bit mode at
 * its own first instruction, as the decompressor enters it.
 */
final class UnpackedLoader {
  /**
   * Words of a command line that the decompressor places the kernel by. Whoever writes one of them
   * has the kernel unpack itself.
   */
  private static final String[] PLACING = {"mem=", "memmap=", "hugepages=", "efi_fake_mem="};

  private static final String FIXED = "nokaslr";

  private UnpackedLoader() {}

  /** Whether a kernel with this command line may be placed here. */
  static boolean mayPlace(String commandLine) {
    for (String word : PLACING) {
      if (commandLine.contains(word)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Writes the kernel, the initrd and what the kernel needs to start.
   *
   * @param unpacked the unpacked form of the kernel among {@code files}
   * @param placer picks among the addresses that are possible
   * @throws InvalidConfigException if a file is not what it should be or does not fit
   */
  static EntryState load(UnpackedImage unpacked, BootFiles files, BootTarget target, Placer placer)
      throws InvalidConfigException {
    BzImageHeader header = BzImageHeader.read(files.kernel());
    UnpackedKernel kernel = unpacked.kernel();
    long first = header.loadAddress();
    long size = Math.max(header.memorySize(), kernel.size());
    if (!header.isRelocatable()
        || header.alignment() == 0
        || kernel.physicalBase() != first
        || first + size > UnpackedKernel.MOST_SIZE) {
      return BzImageLoader.load(files, target);
    }
    long initrdAddress = Placement.place(files, first + size, header.initrdLimit(), target.map());
    GuestMemory memory = target.memory();
    CommandLine.write(memory, files.commandLine(), header.commandLineSize());
    long table = Placement.pageUp(size);
    long room = (initrdAddress == 0 ? target.map().lowRamEnd() : initrdAddress) - first;
    boolean random = !files.commandLine().contains(FIXED);
    if (room < table + kernel.relocations().length()) {
      // It just fits where it is linked for, and its decompressor needs no table.
      return BzImageLoader.load(files, target);
    }
    long address = first;
    long distance = 0;
    if (random) {
      long step = header.alignment();
      address += placer.pick(room - table - kernel.relocations().length(), step);
      distance = placer.pick(UnpackedKernel.MOST_SIZE - first - size, step);
    }
    for (int i = 0; i < kernel.runs().size(); i++) {
      UnpackedKernel.Run run = kernel.runs().get(i);
      unpacked.file().copyTo(memory, address + run.offset(), run.position(), run.length());
    }
    long rip = address + kernel.entry();
    if (distance != 0) {
      UnpackedKernel.Relocations lists = kernel.relocations();
      unpacked.file().copyTo(memory, address + table, lists.position(), lists.length());
      long base = address - kernel.virtualBase();
      Relocator.write(memory, lists, address + table, base, (int) distance, rip);
      rip = X86Layout.RELOCATOR;
    }
    EntryState entry = BzImageLoader.enter(rip, header, files, initrdAddress, target);
    if (random) {
      long flags = X86Layout.ZERO_PAGE + BzImageHeader.LOAD_FLAGS;
      memory.writeU8(flags, memory.readU8(flags) | BzImageHeader.KASLR);
    }
    return entry;
  }
}
