package org.vivarium.app.desktop.machines;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/** A machine's history as comma-separated values, a line a second. Any thread. */
public final class HistoryCsv {
  private static final String COLUMNS =
      "time,guest_cpu,vmm_cpu,guest_memory_total,guest_memory_used,guest_memory_caches,"
          + "host_guest_ram,host_vmm,disk_read_per_s,disk_write_per_s,net_in_per_s,net_out_per_s";

  private HistoryCsv() {}

  /** Writes {@code points} to {@code file}; processors as shares of one, memory in bytes. */
  public static void write(List<Point> points, Path file) throws IOException {
    TreeSet<String> reasons = new TreeSet<>();
    points.forEach(point -> reasons.addAll(point.exits().keySet()));
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      out.write(COLUMNS);
      for (String reason : reasons) {
        out.write(",exits_per_s_" + reason.replace(',', '_'));
      }
      out.newLine();
      for (Point point : points) {
        out.write(Instant.ofEpochMilli(point.millis()).toString());
        double[] values = {
          point.guestCpu(),
          point.vmmCpu(),
          point.guestTotal(),
          point.guestUsed(),
          point.guestCaches(),
          point.hostRam(),
          point.hostVmm(),
          point.diskRead(),
          point.diskWrite(),
          point.netIn(),
          point.netOut()
        };
        for (double value : values) {
          out.write(number(value));
        }
        for (String reason : reasons) {
          out.write(number(point.exits().getOrDefault(reason, 0.0)));
        }
        out.newLine();
      }
    }
  }

  /** A value that is not known is an empty field. */
  private static String number(double value) {
    return Double.isNaN(value) ? "," : String.format(Locale.ROOT, ",%.4f", value);
  }
}
