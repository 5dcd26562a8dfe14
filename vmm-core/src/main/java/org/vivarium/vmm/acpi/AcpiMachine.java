package org.vivarium.vmm.acpi;

import java.util.List;
import java.util.stream.IntStream;
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
    if (apicIds.isEmpty() || apicIds.stream().anyMatch(id -> id < 0)) {
      throw new IllegalArgumentException("Not APIC IDs: " + apicIds);
    }
  }

  /** A machine whose APIC IDs are its processors' numbers, 0 to {@code cpus} - 1. */
  public static AcpiMachine of(int cpus, MemoryMap map) {
    return new AcpiMachine(IntStream.range(0, cpus).boxed().toList(), map);
  }
}
