package org.vivarium.app.desktop;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.HostDescription;
import org.vivarium.app.desktop.compare.Lab;
import org.vivarium.app.lab.Listener;
import org.vivarium.app.lab.Measure;
import org.vivarium.app.lab.Plan;
import org.vivarium.app.lab.Report;
import org.vivarium.app.lab.Report.Row;
import org.vivarium.app.lab.Report.Series;
import org.vivarium.app.lab.Side;

/** A lab that starts no process and whose steps a test commands. */
final class FakeLab implements Lab {
  static final Plan PLAN =
      new Plan(
          "busybox",
          List.of(),
          EnumSet.allOf(Measure.class),
          EnumSet.of(Side.CONTAINER, Side.MACHINE),
          5,
          1,
          256,
          Duration.ofSeconds(1),
          false,
          "");

  private static final Row START = new Row(Measure.START, "start.first", "First output", "ms", "");
  private static final Row MEMORY =
      new Row(Measure.MEMORY, "memory.total", "All that the host pays", "MiB", "PSS");

  private volatile CountDownLatch gate = new CountDownLatch(0);
  private volatile @Nullable BenchException failure;
  private volatile @Nullable Plan asked;

  /** The next comparison stands still after its values. */
  void holdBeforeTheEnd() {
    gate = new CountDownLatch(1);
  }

  void goOn() {
    gate.countDown();
  }

  void fail(String sentence) {
    failure = new BenchException(sentence);
  }

  @Nullable Plan asked() {
    return asked;
  }

  @Override
  public Offer offer() {
    return new Offer(false, false, Set.of(Side.PODMAN), List.of(0, 1));
  }

  @Override
  public Report compare(Plan plan, Listener listener, Consumer<Runnable> ending) throws Exception {
    asked = plan;
    CountDownLatch stand = gate;
    AtomicBoolean cancelled = new AtomicBoolean();
    ending.accept(
        () -> {
          cancelled.set(true);
          stand.countDown();
        });
    BenchException thrown = failure;
    if (thrown != null) {
      throw thrown;
    }
    List<Series> series = new ArrayList<>();
    take(listener, series, START, Side.CONTAINER, List.of(41.0, 44.0, 40.0, 47.0, 58.0));
    take(listener, series, START, Side.MACHINE, List.of(212.0, 230.0, 221.0, 260.0, 219.0));
    take(listener, series, MEMORY, Side.CONTAINER, List.of(13.1, 13.4, 13.2));
    take(listener, series, MEMORY, Side.MACHINE, List.of(181.0, 186.0, 184.0));
    listener.began("Starting and stopping the workload: round 5 of 5.");
    stand.await();
    List<String> notes =
        cancelled.get()
            ? List.of("The comparison was ended before it was complete.")
            : List.of("Container: there is no podman here.");
    return new Report(
        "2026-01-01T00:00:00Z",
        new HostDescription("real hardware", "A processor", 2, "6.1", "Java", "QEMU", "never"),
        "host-boot",
        List.of(),
        new Report.Subject("busybox", "0123", List.of("sh"), "6.1", 1, 256),
        5,
        List.of(START, MEMORY),
        series,
        List.of(
            new Report.Timeline(
                Side.MACHINE,
                List.of(
                    new Report.Stage("machine built", 61),
                    new Report.Stage("kernel to /init", 150)),
                false)),
        List.of(
            new Report.Finding(
                "boot",
                "Which boot of which kernel is it?",
                Map.of(Side.CONTAINER, "host-boot", Side.MACHINE, "5e1f-another"),
                "A fault of a kernel that is shared reaches everybody who shares it.")),
        List.of(
            new Report.Verdict(
                START.id(),
                "a VM needs more than 30 s to start",
                Map.of("quoted for a machine", 30_000.0),
                "Here, for this image: the machine 221 ms in software emulation, which says nothing"
                    + " about the claim.")),
        notes,
        "./vivarium compare --image busybox");
  }

  private static void take(
      Listener listener, List<Series> series, Row row, Side side, List<Double> values) {
    values.forEach(value -> listener.measured(row, side, value));
    series.add(new Series(row.id(), side, values, !side.isMachine(), "", ""));
  }
}
