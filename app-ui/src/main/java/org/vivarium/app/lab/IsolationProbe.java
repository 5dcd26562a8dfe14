package org.vivarium.app.lab;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A question that a script inside answers by printing a few words.
 *
 * @param id such as "kernel"
 * @param question for people
 * @param script for sh
 * @param onHost whether it may be asked on the host: it changes nothing there
 * @param meaning what the answer means
 */
record IsolationProbe(String id, String question, String script, boolean onHost, String meaning) {
  static final List<IsolationProbe> ALL =
      List.of(
          new IsolationProbe(
              "kernel",
              "Which kernel answers system calls?",
              "uname -r",
              true,
              "A container's system calls go to the host's own kernel, all of which is then what an"
                  + " attacker can try; a machine's go to a kernel of its own, and the host sees only"
                  + " what its devices ask for."),
          new IsolationProbe(
              "boot",
              "Is it the host's boot?",
              "cat /proc/sys/kernel/random/boot_id",
              true,
              "The same number means the same running kernel: if it crashes, everything on the"
                  + " computer does."),
          new IsolationProbe(
              "processes",
              "How many processes can be seen?",
              "set -- /proc/[0-9]*; echo $#",
              true,
              "Namespaces hide the host's processes from a container; a machine has no way to know of"
                  + " them. In a machine, the guest kernel's own threads count."),
          new IsolationProbe(
              "mounts",
              "How many mounts can be seen?",
              "wc -l </proc/self/mounts",
              false,
              "A container's list names file systems of the host, such as the layers it is stacked"
                  + " from; a machine's are its own."),
          new IsolationProbe(
              "devices",
              "Which block devices can be seen?",
              "set -- $(ls /sys/class/block | head -n 8); echo ${*:-none}",
              true,
              "A container sees the names of the host's disks in /sys, though it may not open them; a"
                  + " machine has only the disks that it was given."),
          new IsolationProbe(
              "memory",
              "How much memory does it think there is?",
              "awk '/^MemTotal/ {printf \"%d MiB\", $2 / 1024}' /proc/meminfo",
              true,
              "A container sees the host's total and may plan with what its limit does not allow; a"
                  + " machine sees what it has."),
          new IsolationProbe(
              "log",
              "Can it read the kernel's log?",
              "dmesg >/dev/null 2>&1 && echo yes || echo no",
              true,
              "The host's log tells an attacker addresses, devices and other people's programs; a"
                  + " machine reads its own kernel's."),
          new IsolationProbe(
              "modules",
              "How many kernel modules can it see?",
              "[ -e /proc/modules ] && wc -l </proc/modules || echo none, the kernel has no modules",
              true,
              "In a container the list is the host's: it tells which drivers can be attacked."),
          new IsolationProbe(
              "sysctl",
              "Can it write to /proc/sys?",
              "v=$(cat /proc/sys/kernel/core_pattern); (echo \"$v\" >/proc/sys/kernel/core_pattern)"
                  + " 2>/dev/null && echo yes || echo no",
              false,
              "These settings are the kernel's. A container is refused, for they are the host's; the"
                  + " root of a machine changes its own kernel's."),
          new IsolationProbe(
              "mount",
              "Can it mount a file system?",
              "d=/tmp/lab.$$; mkdir $d; mount -t tmpfs none $d 2>/dev/null && echo yes || echo no;"
                  + " umount $d 2>/dev/null; rmdir $d",
              false,
              "Mounting reaches much code of the kernel: a container is refused it by default, a"
                  + " machine does it in its own kernel."),
          new IsolationProbe(
              "raw",
              "Can it use raw sockets?",
              "ping -c 1 -W 1 127.0.0.1 >/dev/null 2>&1 && echo yes || echo no",
              true,
              "With raw sockets one can forge packets on a shared network; podman's default takes them"
                  + " away, docker's does not."),
          new IsolationProbe(
              "filter",
              "Are its system calls filtered?",
              "awk '/^Seccomp:/ {print $2 == 2 ? \"yes\" : \"no\"}' /proc/self/status",
              true,
              "The list of allowed system calls is what stands between a container and the rest of the"
                  + " host's kernel. A machine's process needs none inside: whatever it calls stays in"
                  + " the guest."),
          new IsolationProbe(
              "capabilities",
              "Which capabilities has it?",
              "awk '/^CapEff:/ {print $2}' /proc/self/status",
              true,
              "One bit for each privilege of root (capabilities(7)). In a container each is a privilege"
                  + " on the host's kernel; in a machine all of them together are privileges in the"
                  + " guest alone."));

  private static final String MARK = "@probe ";

  /** A script that asks all, or those that may be asked on the host. */
  static String wholeScript(boolean host) {
    StringBuilder script = new StringBuilder();
    for (IsolationProbe probe : ALL) {
      if (probe.onHost || !host) {
        script.append("echo '").append(MARK).append(probe.id).append("'\n");
        script.append(probe.script).append('\n').append("echo\n");
      }
    }
    return script.toString();
  }

  /** The answers by probe. */
  static Map<String, String> answers(List<Capture.Line> lines) {
    Map<String, String> answers = new HashMap<>();
    String id = "";
    for (Capture.Line line : lines) {
      if (line.text().startsWith(MARK)) {
        id = line.text().substring(MARK.length());
      } else if (!line.text().isBlank()) {
        answers.merge(id, line.text().strip(), (before, more) -> before + " " + more);
      }
    }
    return answers;
  }
}
