package org.vivarium.app.lab;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.vivarium.app.lab.Report.Row;

/**
 * A fixed amount of work for a shell.
 *
 * @param id of its row
 * @param title for people
 * @param explanation what it does
 * @param script for sh, printing nothing
 */
record CpuProbe(String id, String title, String explanation, String script) {
  static final List<CpuProbe> ALL =
      List.of(
          new CpuProbe(
              "cpu.integer",
              "Integer loop",
              "200 000 additions by the shell",
              "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"),
          new CpuProbe(
              "cpu.float",
              "Floating point",
              "300 000 products and quotients by awk",
              "awk 'BEGIN { for (i = 1; i < 300000; i++) x += i * 1.5 / (i + 0.5) }'"),
          new CpuProbe(
              "cpu.hash",
              "SHA-256",
              "of 32 MiB through a pipe",
              "dd if=/dev/zero bs=65536 count=512 2>/dev/null | sha256sum >/dev/null"),
          new CpuProbe(
              "cpu.memory",
              "Memory bandwidth",
              "2 GiB of zeroes written to one buffer of 32 MiB",
              "dd if=/dev/zero of=/dev/null bs=33554432 count=64 2>/dev/null"),
          new CpuProbe(
              "cpu.syscall",
              "System call",
              "200 000 reads and writes of one byte",
              "dd if=/dev/zero of=/dev/null bs=1 count=200000 2>/dev/null"),
          new CpuProbe(
              "cpu.switch",
              "Context switch",
              "500 words to and fro between two shells through two named pipes",
              "d=/tmp/lab.$$; mkdir $d; mkfifo $d/a $d/b;"
                  + " { while read -r x; do echo y; done <$d/a >$d/b; } &"
                  + " { i=0; while [ $i -lt 500 ]; do echo x; read -r y; i=$((i+1)); done; }"
                  + " >$d/a <$d/b; wait; rm -r $d"),
          new CpuProbe(
              "cpu.process",
              "New process",
              "100 times the program true",
              "i=0; while [ $i -lt 100 ]; do /bin/true; i=$((i+1)); done"));

  private static final String BEGIN = "@begin ";
  private static final String END = "@end ";

  Row row() {
    return new Row(Measure.CPU, id, title, "ms", explanation);
  }

  /** A script that does the work of all probes, one after the other. */
  static String wholeScript() {
    // A probe that fails must not count as a fast one.
    StringBuilder script = new StringBuilder("set -e\n");
    for (CpuProbe probe : ALL) {
      script.append("echo '").append(BEGIN).append(probe.id).append("'\n");
      script.append(probe.script).append('\n');
      script.append("echo '").append(END).append(probe.id).append("'\n");
    }
    return script.toString();
  }

  /** How long each took, milliseconds by id; one whose lines are missing is left out. */
  static Map<String, Double> times(List<Capture.Line> lines) {
    Map<String, Long> begun = new HashMap<>();
    Map<String, Double> times = new HashMap<>();
    for (Capture.Line line : lines) {
      if (line.text().startsWith(BEGIN)) {
        begun.put(line.text().substring(BEGIN.length()), line.nanoTime());
      } else if (line.text().startsWith(END)) {
        String id = line.text().substring(END.length());
        Long start = begun.get(id);
        if (start != null) {
          times.put(id, (line.nanoTime() - start) / 1e6);
        }
      }
    }
    return times;
  }
}
