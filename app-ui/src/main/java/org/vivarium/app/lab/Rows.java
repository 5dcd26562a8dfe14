package org.vivarium.app.lab;

import java.util.ArrayList;
import java.util.List;
import org.vivarium.app.lab.Report.Row;

/** The quantities that a comparison measures. */
final class Rows {
  static final Row START = row(Measure.START, "start.first", "First output", "ms", "");
  static final Row STOP = row(Measure.STOP, "stop.once", "Gone", "ms", "");
  static final Row RUN = row(Measure.RUN, "run.true", "Start to end", "ms", "");
  static final Row JOB =
      row(Measure.RUN, "run.job", "The workload, start to end", "ms", "a job that ends by itself");

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
          "runc, or an engine's client and monitor; the machine's process without the guest's RAM");
  static final Row CGROUP =
      row(
          Measure.MEMORY,
          "memory.cgroup",
          "Charged to the control group",
          "MiB",
          "with kernel memory and page cache; containers only");
  static final Row SEEN =
      row(
          Measure.MEMORY,
          "memory.seen",
          "In use as the guest sees it",
          "MiB",
          "MemTotal less MemAvailable in a guest that does nothing else; a machine only");

  static final Row LINKED =
      row(Measure.CREATE, "create.linked", "Linked", "ms", "refers to the image");
  static final Row FULL = row(Measure.CREATE, "create.full", "Full", "ms", "a copy");

  static final Row MARGINAL =
      row(Measure.DENSITY, "density.marginal", "One more instance", "MiB", "PSS");
  static final Row FIT = row(Measure.DENSITY, "density.fit", "In 1 GiB", "instances", "reckoned");

  static final Row LATENCY =
      row(Measure.NETWORK, "net.latency", "Round trip", "ms", "one byte, by the forwarded port");
  static final Row FORWARDED =
      row(Measure.NETWORK, "net.forwarded", "Throughput", "MiB/s", "by the forwarded port");
  static final Row DIRECT_LATENCY =
      row(
          Measure.NETWORK,
          "net.direct.latency",
          "Round trip without NAT",
          "ms",
          "a container only");
  static final Row DIRECT =
      row(Measure.NETWORK, "net.direct", "Throughput without NAT", "MiB/s", "a container only");

  static final Row SLOWDOWN =
      row(Measure.NEIGHBOUR, "neighbour.slowdown", "Beside a busy neighbour", "times", "as long");

  static final Row MEMORY_HOG =
      row(
          Measure.NEIGHBOUR,
          "neighbour.memory",
          "Beside a memory hog",
          "times",
          "as long; it takes memory until it is refused or killed, and begins again");
  static final Row FORK_BOMB =
      row(
          Measure.NEIGHBOUR,
          "neighbour.fork",
          "Beside a fork bomb",
          "times",
          "as long; processes that only start more processes");

  static final Row CALLS = row(Measure.CALLS, "calls.distinct", "Different", "calls", "");
  static final Row CALLED = row(Measure.CALLS, "calls.all", "In all", "calls", "");

  private static final List<Row> OTHERS =
      List.of(
          START,
          STOP,
          LINKED,
          FULL,
          RUN,
          JOB,
          PACKED,
          APPARENT,
          ALLOCATED,
          KERNEL,
          TOTAL,
          WORKLOAD,
          RUNTIME,
          CGROUP,
          SEEN,
          MARGINAL,
          FIT,
          LATENCY,
          FORWARDED,
          DIRECT_LATENCY,
          DIRECT,
          SLOWDOWN,
          MEMORY_HOG,
          FORK_BOMB,
          CALLS,
          CALLED);

  private Rows() {}

  /** The quantities of the measures of a plan, in their order. */
  static List<Row> of(Plan plan) {
    List<Row> rows = new ArrayList<>(OTHERS);
    Work.PROCESSOR.forEach(work -> rows.add(work.row()));
    Work.DISK.forEach(work -> rows.add(work.row()));
    rows.removeIf(row -> !plan.has(row.measure()));
    return rows;
  }

  private static Row row(
      Measure measure, String id, String title, String unit, String explanation) {
    return new Row(measure, id, title, unit, explanation);
  }
}
