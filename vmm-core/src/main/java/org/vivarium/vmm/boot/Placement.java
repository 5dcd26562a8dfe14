package org.vivarium.vmm.boot;

import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.arch.MemoryMap;
import org.vivarium.vmm.arch.X86Layout;

/** Finds room for an initrd beside a kernel, or says how much memory both would need. */
final class Placement {
  private static final long MIB = 1L << 20;

  private Placement() {}

  /**
   * The address for the initrd: as high as it may stand in low RAM, where the kernel's own growth
   * does not reach it; 0 without one.
   *
   * @param kernelEnd first address that the kernel does not use, at most {@link
   *     X86Layout#LOW_RAM_MAX}
   * @param limit first address that the initrd may not reach, however much RAM there is
   * @throws InvalidConfigException if the kernel, or both, do not fit into the RAM
   */
  static long place(BootFiles files, long kernelEnd, long limit, MemoryMap map)
      throws InvalidConfigException {
    BootImage initrd = files.initrd();
    if (initrd == null) {
      requireRam(files.kernel(), null, kernelEnd, map);
      return 0;
    }
    long least = pageUp(kernelEnd);
    long most = Math.min(limit, X86Layout.LOW_RAM_MAX);
    if (initrd.size() > most - least) {
      throw new InvalidConfigException(
          "%s: its %d MiB do not fit between the end of %s (0x%x) and 0x%x; use a smaller one."
              .formatted(
                  initrd.label(), mebibytes(initrd.size()), files.kernel().path(), least, most));
    }
    requireRam(files.kernel(), initrd, least + pageUp(initrd.size()), map);
    long top = Math.min(limit, map.lowRamEnd());
    return (top - initrd.size()) & -GuestMemory.PAGE_SIZE;
  }

  private static void requireRam(
      BootImage kernel, @Nullable BootImage initrd, long end, MemoryMap map)
      throws InvalidConfigException {
    if (end > map.lowRamEnd()) {
      String files = initrd == null ? kernel.path() : kernel.path() + " and " + initrd.path();
      throw new InvalidConfigException(
          "Memory: %d MiB is too little for %s, which need%s %d MiB; choose at least that."
              .formatted(
                  map.memoryBytes() / MIB, files, initrd == null ? "s" : "", mebibytes(end)));
    }
  }

  private static long mebibytes(long bytes) {
    return (bytes + MIB - 1) / MIB;
  }

  /** Rounds up to whole pages. */
  static long pageUp(long bytes) {
    return (bytes + GuestMemory.PAGE_SIZE - 1) & -GuestMemory.PAGE_SIZE;
  }
}
