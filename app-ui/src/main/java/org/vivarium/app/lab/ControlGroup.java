package org.vivarium.app.lab;

import java.util.Optional;
import org.vivarium.app.doctor.Host;

/**
 * The control group of a process, in either version of control groups.
 *
 * @param host this computer
 * @param pid in the host's count
 */
record ControlGroup(Host host, long pid) {
  /** What it is charged, MiB: with kernel memory and page cache. */
  Optional<Double> memory() {
    return file("memory.current", "memory", "memory.usage_in_bytes")
        .map(bytes -> Long.parseLong(bytes) / Disk.MIB);
  }

  /** Whether the number of its processes is limited. */
  boolean limitsProcesses() {
    return file("pids.max", "pids", "pids.max").filter(most -> !most.equals("max")).isPresent();
  }

  /** Version 2 has one hierarchy with an empty name, version 1 one for each controller. */
  private Optional<String> file(String unified, String controller, String own) {
    for (String line : host.read("/proc/" + pid + "/cgroup").orElse("").split("\n")) {
      String[] fields = line.split(":", 3);
      if (fields.length == 3) {
        String file =
            fields[1].isEmpty()
                ? "/sys/fs/cgroup" + fields[2] + "/" + unified
                : "/sys/fs/cgroup/%s%s/%s".formatted(controller, fields[2], own);
        boolean ours = fields[1].isEmpty() || fields[1].equals(controller);
        Optional<String> text = ours ? host.read(file) : Optional.empty();
        if (text.isPresent()) {
          return text.map(String::strip);
        }
      }
    }
    return Optional.empty();
  }
}
