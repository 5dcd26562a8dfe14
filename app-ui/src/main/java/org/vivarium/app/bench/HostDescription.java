package org.vivarium.app.bench;

import java.util.List;
import java.util.Optional;
import org.vivarium.app.doctor.Host;

/**
 * The computer that was measured on. Figures of different kinds of computer cannot be compared.
 *
 * @param kind real hardware, a virtual machine, or the project's emulated rig
 * @param processor its name
 * @param processors how many
 * @param kernel release of the host's kernel
 * @param java version of the Java runtime
 * @param qemu version of QEMU
 * @param hugePages when the host gives transparent huge pages: to anonymous memory, to shared
 */
public record HostDescription(
    String kind,
    String processor,
    int processors,
    String kernel,
    String java,
    String qemu,
    String hugePages) {
  /** Looks at this computer. */
  public static HostDescription of(Host host, String qemu) {
    String cpuinfo = host.read("/proc/cpuinfo").orElse("");
    String model = field(cpuinfo, "model name");
    return new HostDescription(
        kind(model, field(cpuinfo, "flags")),
        model,
        Runtime.getRuntime().availableProcessors(),
        host.read("/proc/sys/kernel/osrelease").orElse("unknown").strip(),
        System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"),
        host.firstLine(List.of(qemu, "--version")).orElse("unknown"),
        chosen(host.read("/sys/kernel/mm/transparent_hugepage/enabled"))
            + ", "
            + chosen(host.read("/sys/kernel/mm/transparent_hugepage/shmem_enabled")));
  }

  private static String kind(String model, String flags) {
    if (model.contains("TCG")) {
      return "emulated: QEMU emulates the processor and its virtualization in software, so that"
          + " times say little and ratios and counts more";
    }
    return List.of(flags.split(" ")).contains("hypervisor")
        ? "a virtual machine with nested virtualization"
        : "real hardware";
  }

  private static String field(String cpuinfo, String name) {
    return cpuinfo
        .lines()
        .filter(line -> line.startsWith(name))
        .findFirst()
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .orElse("");
  }

  /** The word in brackets of a file such as {@code always [madvise] never}. */
  private static String chosen(Optional<String> file) {
    String text = file.orElse("");
    int open = text.indexOf('[');
    int close = text.indexOf(']');
    return open >= 0 && close > open ? text.substring(open + 1, close) : "unknown";
  }
}
