package org.vivarium.app.lab;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vivarium.app.lab.Report.Row;

/**
 * A fixed amount of work for a shell.
 *
 * @param id of its row
 * @param title for people
 * @param explanation what it does
 * @param script for sh, printing nothing
 */
record Work(Measure measure, String id, String title, String explanation, String script) {
  /** For the processor, the memory and the kernel that answers. */
  static final List<Work> PROCESSOR =
      List.of(
          cpu(
              "integer",
              "Integer loop",
              "200 000 additions by the shell",
              "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"),
          cpu(
              "float",
              "Floating point",
              "300 000 products and quotients by awk",
              "awk 'BEGIN { for (i = 1; i < 300000; i++) x += i * 1.5 / (i + 0.5) }'"),
          cpu(
              "hash",
              "SHA-256",
              "of 32 MiB through a pipe",
              "dd if=/dev/zero bs=65536 count=512 2>/dev/null | sha256sum >/dev/null"),
          cpu(
              "memory",
              "Memory bandwidth",
              "2 GiB of zeroes written to one buffer of 32 MiB",
              "dd if=/dev/zero of=/dev/null bs=33554432 count=64 2>/dev/null"),
          cpu(
              "syscall",
              "System call",
              "200 000 reads and writes of one byte",
              "dd if=/dev/zero of=/dev/null bs=1 count=200000 2>/dev/null"),
          cpu(
              "switch",
              "Context switch",
              "500 words to and fro between two shells through two named pipes",
              "d=/tmp/lab.$$; mkdir $d; mkfifo $d/a $d/b;"
                  + " { while read -r x; do echo y; done <$d/a >$d/b; } &"
                  + " { i=0; while [ $i -lt 500 ]; do echo x; read -r y; i=$((i+1)); done; }"
                  + " >$d/a <$d/b; wait; rm -r $d"),
          cpu(
              "process",
              "New process",
              "100 times the program true",
              "i=0; while [ $i -lt 100 ]; do /bin/true; i=$((i+1)); done"));

  /** MiB of the disk that {@link #DISK} works on. */
  static final int DISK_MIB = 64;

  /** For a disk that the shell's variable D names. */
  static final List<Work> DISK =
      List.of(
          disk(
              "write",
              "Sequential write, flushed",
              "32 MiB in blocks of 1 MiB, then fsync",
              "dd if=/dev/zero of=$D bs=1M count=32 conv=notrunc,fsync status=none"),
          disk(
              "unflushed",
              "Sequential write, not flushed",
              "the same without fsync: into the memory of whichever kernel answers",
              "dd if=/dev/zero of=$D bs=1M count=32 conv=notrunc status=none"),
          disk(
              "read",
              "Sequential read",
              "64 MiB in blocks of 1 MiB, with O_DIRECT",
              "dd if=$D of=/dev/null bs=1M iflag=direct status=none"),
          disk(
              "write4k",
              "4 KiB written, each flushed",
              "64 blocks at scattered places, for each a process that ends with fsync",
              scattered("if=/dev/zero of=$D seek=$p conv=notrunc,fsync")),
          disk(
              "unflushed4k",
              "4 KiB written, not flushed",
              "the same without fsync",
              scattered("if=/dev/zero of=$D seek=$p conv=notrunc")),
          disk(
              "read4k",
              "4 KiB read",
              "64 blocks at scattered places, for each a process that reads with O_DIRECT",
              scattered("if=$D of=/dev/null skip=$p iflag=direct")));

  private static final String BEGIN = "@begin ";
  private static final String END = "@end ";

  private static Work cpu(String id, String title, String explanation, String script) {
    return new Work(Measure.CPU, "cpu." + id, title, explanation, script);
  }

  private static Work disk(String id, String title, String explanation, String script) {
    return new Work(Measure.DISK, "disk." + id, title, explanation, script);
  }

  /** Places without an order that reading ahead could guess, the same in each round. */
  private static String scattered(String words) {
    return "i=0; while [ $i -lt 64 ]; do p=$((i * 7919 %% 16384)); dd bs=4k count=1 %s status=none;"
            .formatted(words)
        + " i=$((i+1)); done";
  }

  Row row() {
    return new Row(measure, id, title, "ms", explanation);
  }

  /** The command that does it alone. */
  String shown(String prelude) {
    return Exec.shown(List.of("sh", "-c", prelude + script));
  }

  /** A script that does some work, one after the other; what fails has no line after it. */
  static String script(String prelude, List<Work> works) {
    StringBuilder script = new StringBuilder("exec 2>&1\n").append(prelude).append('\n');
    for (Work work : works) {
      // In a shell of its own, begun before the clock: work that fails must not count as fast, nor
      // keep the others from being done.
      script.append("(set -e\necho '").append(BEGIN).append(work.id).append("'\n");
      script.append(work.script).append('\n');
      script.append("echo '").append(END).append(work.id).append("')\n");
    }
    return script.append(":\n").toString();
  }

  /** What this work said before it failed; empty if it did not fail. */
  Optional<String> failure(List<Capture.Line> lines) {
    List<String> said = lines.stream().map(Capture.Line::text).toList();
    int begun = said.indexOf(BEGIN + id);
    if (begun < 0 || said.contains(END + id)) {
      return Optional.empty();
    }
    List<String> since = said.subList(begun + 1, said.size());
    return Optional.of(
        since.stream()
            .takeWhile(line -> !line.startsWith(BEGIN))
            .reduce((_, last) -> last)
            .orElse(""));
  }

  /**
   * How long each took, milliseconds. Left out is what has no lines, and what has two that arrived
   * together: how far apart they were printed is not known then.
   */
  static Map<Work, Double> times(List<Work> works, List<Capture.Line> lines) {
    Map<String, Long> instants = new HashMap<>();
    lines.forEach(line -> instants.put(line.text(), line.nanoTime()));
    Map<Work, Double> times = new LinkedHashMap<>();
    for (Work work : works) {
      Long begun = instants.get(BEGIN + work.id);
      Long ended = instants.get(END + work.id);
      if (begun != null && ended != null && ended > begun) {
        times.put(work, (ended - begun) / 1e6);
      }
    }
    return times;
  }
}
