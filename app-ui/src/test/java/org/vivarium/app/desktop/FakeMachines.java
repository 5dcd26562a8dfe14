package org.vivarium.app.desktop;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.client.StartProgress;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.engine.MachineState;

/** Machines that exist in this process alone and do as a test says. */
final class FakeMachines implements Machines {
  private final Path home;
  private final Map<String, VmDefinition> definitions = new TreeMap<>();
  private final Map<String, FakeProcess> processes = new TreeMap<>();
  private final Map<String, String> endings = new TreeMap<>();
  private final List<Consumer<List<MachineSummary>>> listeners = new CopyOnWriteArrayList<>();
  private volatile long startPause;

  FakeMachines(Path home) {
    this.home = home;
  }

  /** Has every start take that long, in steps that it tells. */
  void startsTake(long millis) {
    startPause = millis;
  }

  @Override
  public synchronized List<MachineSummary> list() {
    List<MachineSummary> list = new ArrayList<>();
    definitions.values().forEach(definition -> list.add(summary(definition)));
    return list;
  }

  private MachineSummary summary(VmDefinition definition) {
    FakeProcess process = processes.get(definition.name());
    MachineSummary.State state =
        process == null
            ? endings.containsKey(definition.name())
                ? MachineSummary.State.FAILED
                : MachineSummary.State.STOPPED
            : process.state() == MachineState.PAUSED
                ? MachineSummary.State.PAUSED
                : MachineSummary.State.RUNNING;
    return new MachineSummary(
        definition.name(),
        Optional.of(definition),
        state,
        Optional.ofNullable(process).map(FakeProcess::engine),
        Optional.ofNullable(endings.get(definition.name())));
  }

  @Override
  public synchronized MachineSummary find(String name) throws VmmException {
    return summary(existing(name));
  }

  private VmDefinition existing(String name) throws VmmException {
    VmDefinition definition = definitions.get(name);
    if (definition == null) {
      throw new InvalidConfigException("There is no machine named %s.".formatted(name));
    }
    return definition;
  }

  @Override
  public Path folder(String name) {
    return home.resolve("vms").resolve(name);
  }

  @Override
  public synchronized void create(VmDefinition definition) throws VmmException {
    if (definitions.containsKey(definition.name())) {
      throw new InvalidConfigException("Name: %s is taken.".formatted(definition.name()));
    }
    definitions.put(definition.name(), definition);
    folder(definition.name()).toFile().mkdirs();
    tell();
  }

  @Override
  public synchronized void update(VmDefinition definition) throws VmmException {
    existing(definition.name());
    definitions.put(definition.name(), definition);
    tell();
  }

  @Override
  public synchronized void delete(String name) throws VmmException {
    existing(name);
    definitions.remove(name);
    tell();
  }

  @Override
  public MachineConnection start(String name, StartProgress progress) throws VmmException {
    VmDefinition definition;
    synchronized (this) {
      definition = existing(name);
      endings.remove(name);
    }
    try {
      for (int i = 0; i < 10 && startPause > 0; i++) {
        progress.step("Downloading linux-image-cloud-amd64", i / 10.0);
        Thread.sleep(startPause / 10);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new VmmException("The start was interrupted.", e);
    }
    FakeProcess process = new FakeProcess(this, definition);
    synchronized (this) {
      processes.put(name, process);
      tell();
    }
    return process.connect();
  }

  @Override
  public synchronized MachineConnection connect(String name) throws VmmException {
    return process(name).connect();
  }

  /** The process of a machine that runs. */
  synchronized FakeProcess process(String name) throws VmmException {
    FakeProcess process = processes.get(name);
    if (process == null) {
      throw new VmmException("The machine %s is not running.".formatted(name));
    }
    return process;
  }

  /** A process has ended. */
  synchronized void ended(String name, String why, boolean asked) {
    processes.remove(name);
    if (!asked) {
      endings.put(name, why);
    }
    tell();
  }

  synchronized void tell() {
    List<MachineSummary> now = list();
    listeners.forEach(listener -> listener.accept(now));
  }

  @Override
  public Watch watch(Consumer<List<MachineSummary>> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }
}
