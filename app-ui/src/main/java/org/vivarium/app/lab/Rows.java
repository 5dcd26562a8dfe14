package org.vivarium.app.lab;

import java.util.ArrayList;
import java.util.List;
import org.vivarium.app.lab.Report.Row;

/** The quantities that a comparison measures. */
final class Rows {
  static final Row START = row(Measure.START, "start.first", "First output", "ms", "");
  static final Row STOP = row(Measure.STOP, "stop.once", "Gone", "ms", "");
  static final Row RUN = row(Measure.RUN, "run.true", "Start to end", "ms", "");

  static final Row PACKED =
      row(Measure.SIZE, "size.packed", "Layers as given", "MiB", "the same for every side");
  static final Row APPARENT =
      row(Measure.SIZE, "size.apparent", "Unpacked, apparent", "MiB", "as each side reads it");
  static final Row ALLOCATED =
      row(Measure.SIZE, "size.allocated", "Unpacked, allocated", "MiB", "as each side reads it");
  static final Row KERNEL =
      row(
          Measure.SIZE,
          "size.kernel",
          "Kernel",
          "MiB",
          "one for all machines; a container has none");

  static final Row TOTAL =
      row(Measure.MEMORY, "memory.total", "All that the host pays", "MiB", "PSS of all processes");
  static final Row WORKLOAD =
      row(
          Measure.MEMORY,
          "memory.workload",
          "Workload's share of it",
          "MiB",
          "the workload's processes; of a machine, the guest's RAM that the host has given");
  static final Row RUNTIME =
      row(
          Measure.MEMORY,
          "memory.runtime",
          "Runtime's share of it",
          "MiB",
          "runc in the foreground; the machine's process without the guest's RAM");
  static final Row CGROUP =
      row(
          Measure.MEMORY,
          "memory.cgroup",
          "Charged to the control group",
          "MiB",
          "with kernel memory and page cache; a container only");
  static final Row SEEN =
      row(
          Measure.MEMORY,
          "memory.seen",
          "In use as the guest sees it",
          "MiB",
          "MemTotal less MemAvailable in a guest that does nothing else; a machine only");

  private static final List<Row> OTHERS =
      List.of(
          START, STOP, RUN, PACKED, APPARENT, ALLOCATED, KERNEL, TOTAL, WORKLOAD, RUNTIME, CGROUP,
          SEEN);

  private Rows() {}

  /** The quantities of the measures of a plan, in their order. */
  static List<Row> of(Plan plan) {
    List<Row> rows = new ArrayList<>(OTHERS);
    CpuProbe.ALL.forEach(probe -> rows.add(probe.row()));
    rows.removeIf(row -> !plan.has(row.measure()));
    return rows;
  }

  private static Row row(
      Measure measure, String id, String title, String unit, String explanation) {
    return new Row(measure, id, title, unit, explanation);
  }
}
