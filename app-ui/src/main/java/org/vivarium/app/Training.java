package org.vivarium.app;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vivarium.app.cli.Cli;
import org.vivarium.images.ImageException;
import org.vivarium.images.deb.PackageSources;
import org.vivarium.images.tiny.TinyLinux;
import org.vivarium.vmm.Engines;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.LocalMachines;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.config.DeviceSet;
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
        }
        case "vm" -> {
          runAsProcess();
          // The training run itself is not confined.
          JavaLauncher.rehearseConfinement();
        }
        default -> {
          cli.run("--help");
          cli.run("--version");
          cli.run("doctor");
          cli.run("ls");
          cli.run("start", "--help");
          findTheGuest();
          runAsProcess();
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

  /** The same machine as a thing of its own: its definition, its process, a client. */
  private static void runAsProcess() {
    try {
      Path home = Files.createTempDirectory("vivarium-training");
      Path kernel = home.resolve("kernel");
      Folders folders = new Folders(home);
      LocalMachines machines =
          new LocalMachines(
              folders, (_, machine, _) -> VmProcess.run(folders, machine.getFileName().toString()));
      try {
        TrainingKernel.write(kernel);
        GuestSource guest = new GuestSource.Kernel(kernel, kernel, "console=ttyS0");
        machines.create(
            new VmDefinition("training", "", 1, 32, "kvm", guest, DeviceSet.NONE, false));
        Machines.Watch watch = machines.watch(_ -> {});
        // Its process runs to its end in this one, so there is nothing left to attach to.
        machines.start("training", (_, _) -> {}).close();
        watch.close();
      } catch (VmmException e) {
        LOG.debug("A training step had to be left out", e);
      } finally {
        machines.delete("training");
        Files.deleteIfExists(kernel);
        Files.deleteIfExists(folders.vms());
        Files.deleteIfExists(home);
      }
    } catch (IOException | VmmException e) {
      LOG.debug("No machine could be trained with", e);
    }
  }

  /** A whole machine, from its making to its power-off. */
  private static void boot(Cli cli) {
    try {
      Path folder = Files.createTempDirectory("vivarium-training");
      Path kernel = folder.resolve("kernel");
      try {
        TrainingKernel.write(kernel);
        cli.run(
            "boot",
            "--engine=kvm",
            "--memory=32M",
            "--timeout=10",
            "--stages=lines",
            "--kernel=" + kernel,
            "--initrd=" + kernel,
            "--append=console=ttyS0");
      } finally {
        Files.deleteIfExists(kernel);
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      LOG.debug("No machine could be trained with", e);
    }
  }
}
