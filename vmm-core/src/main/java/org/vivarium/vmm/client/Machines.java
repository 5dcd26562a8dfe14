package org.vivarium.vmm.client;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.definition.VmDefinition;

/** The machines of one person. */
public interface Machines {
  /** Every folder below {@code vms/}, sorted by name; broken definitions included, with why. */
  List<MachineSummary> list() throws VmmException;

  /**
   * One machine.
   *
   * @throws org.vivarium.vmm.InvalidConfigException if there is none of this name
   */
  MachineSummary find(String name) throws VmmException;

  /** The machine's folder: its definition, its disks, its console log. */
  Path folder(String name);

  /**
   * Writes a new machine's folder and definition.
   *
   * @throws org.vivarium.vmm.InvalidConfigException if a field is bad or the name is taken
   */
  void create(VmDefinition definition) throws VmmException;

  /**
   * Replaces a machine's definition; what a running machine cannot change holds at its next start.
   */
  void update(VmDefinition definition) throws VmmException;

  /** Deletes a stopped machine with its folder. */
  void delete(String name) throws VmmException;

  /**
   * Starts a machine: builds or fetches its guest if that is not there, starts its VM process and
   * attaches to it.
   *
   * @param progress hears of each step that takes time; on the calling thread
   * @throws VmmException why it cannot start; nothing is left running then
   */
  MachineConnection start(String name, StartProgress progress) throws VmmException;

  /**
   * Has a machine's process ready if the machine is off and has run before, for a start that is
   * likely to be asked for; at most one machine's at a time. It costs some memory, and ends when it
   * is used, when another machine's takes its place, or with this process.
   *
   * @throws VmmException if there is no such machine, or the host refuses
   */
  default void prepare(String name) throws VmmException {}

  /** Attaches to a machine that runs. */
  MachineConnection connect(String name) throws VmmException;

  /**
   * Tells of every change to the list: definitions made, edited or deleted by whomever, machines
   * started and ended by whomever. Called on a thread of this package.
   *
   * @return stops telling when closed
   */
  Watch watch(Consumer<List<MachineSummary>> listener);

  /** A subscription. */
  interface Watch extends AutoCloseable {
    @Override
    void close();
  }
}
