package org.vivarium.vmm.boot;

import org.vivarium.kvm.GuestMemory;
import org.vivarium.vmm.arch.MemoryMap;

/**
 * Where a kernel goes.
 *
 * @param memory guest RAM that reads zero: fresh, or given back with {@link GuestMemory#discard}
 * @param map the layout that the memory was allocated by
 */
public record BootTarget(GuestMemory memory, MemoryMap map) {
  public BootTarget {
    if (!memory.contains(0, map.lowRamEnd())) {
      throw new IllegalArgumentException("Guest memory is not laid out as its map says");
    }
  }
}
