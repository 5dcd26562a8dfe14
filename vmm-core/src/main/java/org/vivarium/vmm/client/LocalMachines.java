package org.vivarium.vmm.client;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.library.Snapshots;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.codec.DefinitionCodec;
import org.vivarium.vmm.definition.DefinitionJson;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.process.JavaLauncher;
import org.vivarium.vmm.store.DefinitionFile;
import org.vivarium.vmm.store.HostErrors;
import org.vivarium.vmm.store.ProcessRecord;
import org.vivarium.vmm.store.VmFolder;
import org.vivarium.vmm.store.VmLock;

/** The machines in a folder of this computer, each run by a process of its own. */
public final class LocalMachines implements Machines {
  private static final Duration LEAVING = Duration.ofSeconds(5);

  private final Folders folders;
  private final VmLauncher launcher;
  private final MachineList machines;
  private final Optional<Autostart> autostart;

  /**
   * @param folders where the machines are
   * @param launcher starts their processes
   */
  public LocalMachines(Folders folders, VmLauncher launcher) {
    this.folders = folders;
    this.launcher = launcher;
    this.machines = new MachineList(folders);
    this.autostart = Autostart.of(folders, System.getenv());
  }

  /** The machines of the person who runs this process; theirs are started as this process was. */
  public static LocalMachines standard() {
    return new LocalMachines(Folders.standard(), JavaLauncher.likeThisProcess());
  }

  @Override
  public List<MachineSummary> list() throws VmmException {
    return machines.all();
  }

  @Override
  public MachineSummary find(String name) throws VmmException {
    return machines.one(existing(name));
  }

  private VmFolder existing(String name) throws VmmException {
    VmFolder folder = new VmFolder(folders.vms().resolve(DefinitionCodec.name(name)));
    if (!Files.isDirectory(folder.path())) {
      throw new InvalidConfigException("There is no machine named %s.".formatted(name));
    }
    return folder;
  }

  @Override
  public Path folder(String name) {
    return folders.vms().resolve(name).toAbsolutePath();
  }

  @Override
  public void create(VmDefinition definition) throws VmmException {
    DefinitionJson.check(definition);
    VmFolder folder = new VmFolder(folders.vms().resolve(definition.name()));
    if (Files.exists(folder.path())) {
      throw taken(definition.name());
    }
    try {
      Files.createDirectories(folders.vms());
      // Made aside, so that a folder under a machine's name is never without its definition.
      Path aside = Files.createTempDirectory(folders.vms(), ".new-");
      try {
        DefinitionFile.write(new VmFolder(aside), definition);
        Files.move(aside, folder.path(), StandardCopyOption.ATOMIC_MOVE);
      } catch (DirectoryNotEmptyException e) {
        throw taken(definition.name());
      } finally {
        DurableFiles.deleteFolder(aside);
      }
    } catch (AtomicMoveNotSupportedException e) {
      throw new VmmException(
          "%s is on a file system that cannot rename.".formatted(folders.vms()), e);
    } catch (IOException e) {
      throw HostErrors.refusal("%s cannot be made".formatted(folder.path()), e);
    }
    startAtLogin(definition.name(), definition.autostart());
  }

  private void startAtLogin(String name, boolean wanted) throws VmmException {
    if (autostart.isPresent()) {
      autostart.get().set(name, wanted);
    }
  }

  private static InvalidConfigException taken(String name) {
    return new InvalidConfigException(
        "Name: there is a machine named %s already; choose another.".formatted(name));
  }

  @Override
  public void update(VmDefinition definition) throws VmmException {
    DefinitionFile.write(existing(definition.name()), definition);
    startAtLogin(definition.name(), definition.autostart());
  }

  @Override
  public void delete(String name) throws VmmException {
    VmFolder folder = existing(name);
    awaitLeaving(folder);
    Optional<VmLock> lock = VmLock.tryTake(folder);
    if (lock.isEmpty()) {
      throw new VmmException("The machine %s is running; turn it off first.".formatted(name));
    }
    try (VmLock _ = lock.get()) {
      launcher.forget(folder.path());
      Path aside = Files.createTempDirectory(folders.vms(), ".deleted-");
      Files.move(folder.path(), aside, StandardCopyOption.ATOMIC_MOVE);
      DurableFiles.deleteFolder(aside);
      startAtLogin(name, false);
    } catch (IOException e) {
      throw HostErrors.refusal("The machine %s cannot be deleted".formatted(name), e);
    }
  }

  @Override
  public MachineConnection start(String name, StartProgress progress) throws VmmException {
    VmFolder folder = existing(name);
    VmDefinition definition = DefinitionFile.read(folder);
    awaitLeaving(folder);
    if (VmLock.isHeld(folder)) {
      throw new VmmException("The machine %s is running already.".formatted(name));
    }
    try {
      Snapshots.requireWhole(folder.path());
    } catch (ImageException e) {
      throw new VmmException(e.getMessage(), e);
    }
    Guests.obtain(definition.guest(), folders, folder, progress);
    progress.step("Starting " + name, -1);
    launcher.launch(folders, folder.path(), Instant.now());
    return connect(name);
  }

  @Override
  public void prepare(String name) throws VmmException {
    VmFolder folder = existing(name);
    awaitLeaving(folder);
    // One that has never run may lack its guest, which the start obtains.
    if (ProcessRecord.read(folder).isPresent() && !VmLock.isHeld(folder)) {
      launcher.prepare(folders, folder.path());
    }
  }

  /** A machine that has ended may still be tidying up. */
  private static void awaitLeaving(VmFolder folder) throws VmmException {
    boolean leaving =
        ProcessRecord.read(folder)
            .map(record -> record.phase() == ProcessRecord.Phase.ENDED)
            .orElse(false);
    if (leaving) {
      RemoteMachine.awaitUnlocked(folder, LEAVING);
    }
  }

  @Override
  public MachineConnection connect(String name) throws VmmException {
    VmFolder folder = existing(name);
    if (!VmLock.isHeld(folder)) {
      throw new VmmException(
          "The machine %s is not running; start it with 'vivarium start %s'."
              .formatted(name, name));
    }
    ProcessRecord process =
        ProcessRecord.read(folder)
            .orElseThrow(
                () -> new VmmException("The machine %s is only just starting.".formatted(name)));
    return RemoteMachine.connect(folder, process);
  }

  @Override
  public Machines.Watch watch(Consumer<List<MachineSummary>> listener) {
    return new ListWatcher(folders.vms(), machines, listener).start();
  }
}
