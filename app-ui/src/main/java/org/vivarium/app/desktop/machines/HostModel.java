package org.vivarium.app.desktop.machines;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vivarium.app.desktop.base.FxThread;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.vmm.Engines;
import org.vivarium.vmm.engine.EngineChoice;

/** This computer: its load, once a second, and the engine that it offers. */
public final class HostModel implements AutoCloseable {
  /**
   * The load of this computer.
   *
   * @param cores its processors
   * @param busy how much of all of them is in use, 0 to 1; negative before it is known
   * @param memoryTotal bytes
   * @param memoryUsed bytes that are not available to new work
   */
  public record Load(int cores, double busy, long memoryTotal, long memoryUsed) {}

  private static final Logger LOG = LoggerFactory.getLogger(HostModel.class);

  private final Path proc;
  private final ReadOnlyObjectWrapper<@Nullable Load> load = new ReadOnlyObjectWrapper<>(null);
  private final ReadOnlyObjectWrapper<Optional<EngineChoice.Decision>> engine =
      new ReadOnlyObjectWrapper<>(Optional.empty());
  private final ReadOnlyObjectWrapper<Optional<String>> noEngine =
      new ReadOnlyObjectWrapper<>(Optional.empty());
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("host-load").daemon().factory());
  private long lastBusy;
  private long lastTotal;

  /**
   * Begins to look.
   *
   * @param choose which engine this computer offers; blocks
   * @param proc where the kernel tells about itself, /proc
   */
  public HostModel(Ui ui, Callable<EngineChoice.Decision> choose, Path proc) {
    this.proc = proc;
    clock.scheduleAtFixedRate(this::look, 0, 1, TimeUnit.SECONDS);
    ui.background()
        .call(
            choose,
            decision -> engine.set(Optional.of(decision)),
            thrown -> noEngine.set(Optional.of(ui.errors().sentence(thrown))));
  }

  /** The engine that {@code auto} takes on this computer. */
  public static EngineChoice.Decision automatic() throws Exception {
    return Engines.choice().decide(EngineChoice.Request.AUTO);
  }

  /** The load, or null before it is known. */
  public ReadOnlyObjectProperty<@Nullable Load> load() {
    return load.getReadOnlyProperty();
  }

  /** The engine that machines get unless their owner says otherwise; empty before it is known. */
  public ReadOnlyObjectProperty<Optional<EngineChoice.Decision>> engine() {
    return engine.getReadOnlyProperty();
  }

  /** Why no engine works here, a sentence; empty if one does. */
  public ReadOnlyObjectProperty<Optional<String>> noEngine() {
    return noEngine.getReadOnlyProperty();
  }

  private void look() {
    try {
      double busy = busy(Files.readString(proc.resolve("stat")));
      String memory = Files.readString(proc.resolve("meminfo"));
      long total = kib(memory, "MemTotal:") << 10;
      long available = kib(memory, "MemAvailable:") << 10;
      Load now =
          new Load(Runtime.getRuntime().availableProcessors(), busy, total, total - available);
      FxThread.run(() -> load.set(now));
    } catch (IOException | NumberFormatException e) {
      LOG.debug("The load of this computer is not known", e);
    }
  }

  /** The first line of proc(5), /proc/stat: user nice system idle iowait irq softirq steal. */
  private double busy(String stat) {
    String[] fields = stat.substring(0, stat.indexOf('\n')).trim().split("\\s+");
    long total = 0;
    for (int i = 1; i <= 8; i++) {
      total += Long.parseLong(fields[i]);
    }
    long busy = total - Long.parseLong(fields[4]) - Long.parseLong(fields[5]);
    double share =
        lastTotal == 0 ? -1 : (double) (busy - lastBusy) / Math.max(1, total - lastTotal);
    lastBusy = busy;
    lastTotal = total;
    return share;
  }

  private static long kib(String meminfo, String key) {
    int start = meminfo.indexOf(key);
    if (start < 0) {
      throw new NumberFormatException("meminfo has no " + key);
    }
    int end = meminfo.indexOf("kB", start);
    return Long.parseLong(meminfo.substring(start + key.length(), end).trim());
  }

  /** Looks no longer. */
  @Override
  public void close() {
    clock.shutdownNow();
  }
}
