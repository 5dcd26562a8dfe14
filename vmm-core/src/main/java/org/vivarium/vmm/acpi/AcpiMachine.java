package org.vivarium.vmm.acpi;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.vivarium.vmm.arch.MemoryMap;

/**
 * What the ACPI tables tell of one machine; all else is the same for every machine and in {@link
 * org.vivarium.vmm.arch.X86Layout}.
 *
 * @param apicIds local APIC ID of each processor, in the order of their numbers; the first starts
 * @param map its address space
 */
public record AcpiMachine(List<Integer> apicIds, MemoryMap map) {
  public AcpiMachine {
    apicIds = List.copyOf(apicIds);
    if (apicIds.isEmpty() || Collections.min(apicIds) < 0) {
      throw new IllegalArgumentException("Not APIC IDs: " + apicIds);
    }
  }

  /** A machine whose APIC IDs are its processors' numbers, 0 to {@code cpus} - 1. */
  public static AcpiMachine of(int cpus, MemoryMap map) {
    List<Integer> apicIds = new ArrayList<>();
    for (int cpu = 0; cpu < cpus; cpu++) {
      apicIds.add(cpu);
    }
    return new AcpiMachine(apicIds, map);
  }
}
