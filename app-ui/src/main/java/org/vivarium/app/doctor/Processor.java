package org.vivarium.app.doctor;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The processor, as {@code /proc/cpuinfo} tells it.
 *
 * @param model its name; empty if it has none
 * @param flags its feature flags
 */
record Processor(String model, Set<String> flags) {
  Processor {
    flags = Set.copyOf(flags);
  }

  static Processor of(Host host) {
    String text = host.read("/proc/cpuinfo").orElse("");
    return new Processor(
        field(text, "model name"), new HashSet<>(List.of(field(text, "flags").split(" "))));
  }

  /** The value of the first line with that name. */
  private static String field(String text, String name) {
    return text.lines()
        .filter(line -> line.startsWith(name + "\t") || line.startsWith(name + " "))
        .findFirst()
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .orElse("");
  }

  /** Whether it has AMD's (svm) or Intel's (vmx) virtualization, and the firmware leaves it on. */
  boolean virtualizes() {
    return flags.contains("svm") || flags.contains("vmx");
  }

  /** Whether this computer is itself a virtual machine. */
  boolean isVirtual() {
    return flags.contains("hypervisor");
  }
}
