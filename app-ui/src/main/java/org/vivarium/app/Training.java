package org.vivarium.app;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.module.ModuleReader;
import java.lang.module.ResolvedModule;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vivarium.app.cli.Cli;
import org.vivarium.images.ImageException;
import org.vivarium.images.deb.PackageSources;
import org.vivarium.images.tiny.TinyLinux;
import org.vivarium.vmm.Engines;
import org.vivarium.vmm.ExitHook;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.LocalMachines;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.engine.EngineChoice;
import org.vivarium.vmm.process.JavaLauncher;
import org.vivarium.vmm.process.VmProcess;

/**
 * The training runs of the ahead-of-time caches (JEP 514): each walks the paths that one kind of
 * process takes, so that its classes are stored in the cache loaded and linked. The JVM loads all
 * classes of a cache at its start, so processes whose start counts have caches of their own.
 *
 * <p>They need no root and no network, and make do without KVM, where the classes behind /dev/kvm
 * stay out of the cache.
 */
final class Training {
  private static final Logger LOG = LoggerFactory.getLogger(Training.class);

  private static final String NAME = "training";
  private static final String CLASS = ".class";

  /** What serves devices while a guest uses them: the training kernel has no drivers for them. */
  private static final String DEVICES = "org.vivarium.devices";

  private Training() {}

  /**
   * Runs the steps of one kind of process; what a step prints, and its status, do not matter here.
   *
   * @param kind {@code boot}, {@code vm} or, for all other commands, {@code cli}
   */
  static void run(String kind) {
    try (PrintStream nowhere =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
      Cli cli = new Cli(nowhere, nowhere);
      switch (kind) {
        case "boot" -> {
          findTheGuest();
          boot(cli);
          StartTime.nanoTime(); // for --stages
          load(DEVICES);
        }
        case "vm" -> {
          Main.prepareNumbers();
          process();
          load(DEVICES);
          // The training run itself is not confined.
          JavaLauncher.rehearseConfinement();
        }
        default -> {
          Main.prepareNumbers();
          cli.run("--help");
          cli.run("--version");
          cli.run("doctor");
          cli.run("ls");
          cli.run("start", "--help");
          findTheGuest();
          client();
          ExitHook.add("training", () -> {}).close(); // what ends each command, see exit()
        }
      }
    }
  }

  /** What {@code boot} does before it has a kernel and an engine. */
  private static void findTheGuest() {
    try {
      Path images = Folders.standard().images();
      PackageSources.choose(images.resolve("packages"), System.getenv()).indexState();
      TinyLinux.locate(images);
      Engines.choice().decide(EngineChoice.Request.AUTO);
    } catch (ImageException | VmmException e) {
      LOG.debug("A training step had to be left out", e);
    }
  }

  /** A machine's process, from its start to its end, in this one. */
  private static void process() {
    try (TrainingDevices devices = TrainingDevices.create()) {
      Folders folders = new Folders(devices.folder());
      LocalMachines machines = new LocalMachines(folders, JavaLauncher.likeThisProcess());
      machines.create(definition(TrainingKernel.Ending.POWER_OFF, devices, devices.all()));
      if (VmProcess.run(folders, NAME) != 0) {
        // A device needs what is not on this computer.
        machines.update(definition(TrainingKernel.Ending.POWER_OFF, devices, DeviceSet.NONE));
        VmProcess.run(folders, NAME);
      }
    } catch (IOException | VmmException e) {
      LOG.debug("No machine could be trained with", e);
    }
  }

  /** Those who have a machine's process started and speak with it. */
  private static void client() {
    try (TrainingDevices devices = TrainingDevices.create()) {
      Folders folders = new Folders(devices.folder());
      LocalMachines machines = new LocalMachines(folders, JavaLauncher.likeThisProcess());
      machines.create(definition(TrainingKernel.Ending.HALT, devices, DeviceSet.NONE));
      try (Machines.Watch _ = machines.watch(_ -> {});
          MachineConnection machine = machines.start(NAME, (_, _) -> {})) {
        machine.status();
        machine.kill();
      }
    } catch (IOException | VmmException e) {
      LOG.debug("No machine could be trained with", e);
    }
  }

  private static VmDefinition definition(
      TrainingKernel.Ending ending, TrainingDevices devices, DeviceSet set) throws IOException {
    Path kernel = devices.folder().resolve("kernel");
    TrainingKernel.write(kernel, ending);
    GuestSource guest = new GuestSource.Kernel(kernel, kernel, "console=ttyS0");
    return new VmDefinition(NAME, "", 1, 32, "kvm", guest, set, false);
  }

  /** Loads all classes of one of the modules that this program runs on. */
  private static void load(String name) {
    Optional<Module> module = ModuleLayer.boot().findModule(name);
    Optional<ResolvedModule> resolved = ModuleLayer.boot().configuration().findModule(name);
    if (module.isEmpty() || resolved.isEmpty()) {
      return;
    }
    try (ModuleReader reader = resolved.get().reference().open();
        Stream<String> files = reader.list()) {
      files
          .filter(file -> file.endsWith(CLASS) && file.contains("/"))
          .map(file -> file.substring(0, file.length() - CLASS.length()).replace('/', '.'))
          .forEach(each -> Class.forName(module.get(), each));
    } catch (IOException e) {
      LOG.debug("The classes of a module could not be loaded", e);
    }
  }

  /** A whole machine, from its making to its power-off. */
  private static void boot(Cli cli) {
    try (TrainingDevices devices = TrainingDevices.create()) {
      Path kernel = devices.folder().resolve("kernel");
      TrainingKernel.write(kernel, TrainingKernel.Ending.POWER_OFF);
      List<String> words =
          List.of(
              "boot",
              "--engine=kvm",
              "--memory=32M",
              "--timeout=10",
              "--stages=lines",
              "--kernel=" + kernel,
              "--initrd=" + kernel,
              "--append=console=ttyS0");
      List<String> all = new ArrayList<>(words);
      for (DiskConfig disk : devices.all().disks()) {
        all.add("--disk=%s,format=%s".formatted(disk.file(), disk.id()));
      }
      all.add("--net=user");
      if (cli.run(all.toArray(String[]::new)) != 0) {
        cli.run(words.toArray(String[]::new));
      }
    } catch (IOException | VmmException e) {
      LOG.debug("No machine could be trained with", e);
    }
  }
}
