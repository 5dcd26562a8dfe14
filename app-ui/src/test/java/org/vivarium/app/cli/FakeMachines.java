package org.vivarium.app.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.vivarium.images.DurableFiles;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.MachineSummary.State;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.client.StartProgress;
import org.vivarium.vmm.definition.DefinitionJson;
import org.vivarium.vmm.definition.VmDefinition;

/** Machines that are definitions in a folder and nothing else; what is asked of them is noted. */
final class FakeMachines implements Machines {
  final List<String> calls = new CopyOnWriteArrayList<>();
  final Map<String, FakeMachine> machines = new TreeMap<>();
  private final Path home;

  FakeMachines(Path home) {
    this.home = home;
  }

  FakeMachine machine(String name) {
    return Objects.requireNonNull(machines.get(name), name);
  }

  VmDefinition definition(String name) {
    return machine(name).definition;
  }

  @Override
  public List<MachineSummary> list() {
    return machines.values().stream().map(FakeMachines::summary).toList();
  }

  private static MachineSummary summary(FakeMachine machine) {
    return new MachineSummary(
        machine.name(),
        machine.state == State.BROKEN ? Optional.empty() : Optional.of(machine.definition),
        machine.state,
        machine.isAlive() ? Optional.of("qemu") : Optional.empty(),
        machine.state == State.BROKEN ? Optional.of("Its vm.json is bad.") : Optional.empty());
  }

  @Override
  public MachineSummary find(String name) throws VmmException {
    return summary(existing(name));
  }

  private FakeMachine existing(String name) throws VmmException {
    FakeMachine machine = machines.get(name);
    if (machine == null) {
      throw new InvalidConfigException("There is no machine named " + name + ".");
    }
    return machine;
  }

  @Override
  public Path folder(String name) {
    return home.resolve(name);
  }

  @Override
  public void create(VmDefinition definition) throws VmmException {
    DefinitionJson.check(definition);
    if (machines.containsKey(definition.name())) {
      throw new InvalidConfigException("Name: there is a machine named so already.");
    }
    machines.put(definition.name(), new FakeMachine(definition, calls));
    write(definition);
  }

  private void write(VmDefinition definition) {
    try {
      Path folder = Files.createDirectories(folder(definition.name()));
      Files.writeString(folder.resolve("vm.json"), DefinitionJson.write(definition));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void update(VmDefinition definition) throws VmmException {
    DefinitionJson.check(definition);
    existing(definition.name()).definition = definition;
    write(definition);
  }

  @Override
  public void delete(String name) throws VmmException {
    if (existing(name).isAlive()) {
      throw new VmmException("The machine " + name + " is running; turn it off first.");
    }
    machines.remove(name);
    try {
      DurableFiles.deleteFolder(folder(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    calls.add(name + " delete");
  }

  @Override
  public MachineConnection start(String name, StartProgress progress) throws VmmException {
    FakeMachine machine = existing(name);
    if (machine.isAlive()) {
      throw new VmmException("The machine " + name + " is running already.");
    }
    progress.step("Building the guest", -1);
    progress.step("Building the guest", 0.5);
    machine.state = State.RUNNING;
    calls.add(name + " start");
    return machine;
  }

  @Override
  public MachineConnection connect(String name) throws VmmException {
    FakeMachine machine = existing(name);
    if (!machine.isAlive()) {
      throw new VmmException("The machine " + name + " is not running.");
    }
    return machine;
  }

  @Override
  public Watch watch(Consumer<List<MachineSummary>> listener) {
    throw new UnsupportedOperationException("No command watches.");
  }

  /** What was asked of machines, oldest first; empties the notes. */
  List<String> takeCalls() {
    List<String> taken = new ArrayList<>(calls);
    calls.clear();
    return taken;
  }
}
