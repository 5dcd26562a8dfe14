package org.vivarium.app.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Rig;
import org.vivarium.app.bench.Side;
import org.vivarium.app.bench.Workload;
import org.vivarium.app.bench.disk.DiskBench;
import org.vivarium.app.doctor.LinuxHost;
import org.vivarium.images.BootImage;
import org.vivarium.images.ImageException;
import org.vivarium.images.deb.PackageSource;
import org.vivarium.images.deb.PackageSources;
import org.vivarium.images.fio.FioDisk;
import org.vivarium.kvm.Terminal;
import org.vivarium.vmm.Engines;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.engine.EngineChoice;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures disks beside QEMU's. */
@Command(
    name = BenchDevicesCommand.NAME,
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measure fio in a guest on our disks, raw and qcow2, beside the same on QEMU's q35 with an"
          + " I/O thread: speed, and for a 4k request the exits, interrupts, system calls and"
          + " heap.",
      "Counts need root, debugfs and tracefs. Without hardware virtualization it runs in the"
          + " emulated computer, as vivarium bench does."
    },
    footer = {
      "",
      "Example:",
      "  vivarium bench devices --rounds 5 --requests 100000 --folder /var/tmp",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class BenchDevicesCommand implements Callable<Integer> {
  static final String NAME = "devices";

  private static final int MEMORY_MIB = 256;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "Rounds, each a boot on both sides. Default: 3.")
  private int rounds;

  @Option(
      names = "--requests",
      paramLabel = "N",
      defaultValue = "4000",
      description =
          "4k requests of a row at depth 32; a quarter at depth 1, a sixteenth of 1 MiB."
              + " Default: 4000.")
  private int requests;

  @Option(
      names = "--rows",
      paramLabel = "NAME",
      split = ",",
      description =
          "Only rows whose names hold one of these, such as raw or qcow2-random-read-32."
              + " Default: all.")
  private List<String> rows = List.of();

  @Option(
      names = "--side",
      paramLabel = "SIDE",
      description = "Only vivarium, or only qemu. Default: both.")
  private @Nullable Side side;

  @Option(
      names = "--size",
      paramLabel = "MIB",
      defaultValue = "256",
      description = "Size of each of the two disks, MiB. Default: 256.")
  private int size;

  @Option(
      names = "--folder",
      paramLabel = "FOLDER",
      description = "Where the disks are made. Default: the folder of temporary files.")
  private @Nullable Path folder;

  @Option(
      names = "--aio",
      paramLabel = "WAY",
      defaultValue = "io_uring",
      description =
          "How images are accessed, on both sides: io_uring or threads. Default: io_uring.")
  private String aio = "io_uring";

  @Option(
      names = "--machine",
      paramLabel = "MACHINE",
      defaultValue = "q35",
      description =
          "QEMU's machine: q35, or microvm (with PCI Express, for hosts that q35 fails on)."
              + " Default: q35.")
  private String machine = "q35";

  @Option(
      names = "--verify",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "One more boot of ours: the heap's figures, and fio's verification. Default: yes.")
  private boolean verify;

  @Option(
      names = "--fio",
      paramLabel = "FILE",
      description = "A disk with fio that was made before. Default: made from Debian's packages.")
  private @Nullable Path fio;

  @Option(names = "--here", description = "Measure on this computer, never in the emulated one.")
  private boolean here;

  @Override
  public Integer call() throws VmmException, ImageException, InterruptedException {
    check();
    Optional<Path> launcher =
        Optional.ofNullable(System.getenv(BenchCommand.LAUNCHER)).map(Path::of);
    try {
      EngineChoice.Decision decision = Engines.choice().decide(EngineChoice.Request.AUTO);
      if (decision.engine().equals("kvm")) {
        DiskBench.Plan plan =
            new DiskBench.Plan(
                workload(),
                fioDisk(fio),
                folder,
                rounds,
                requests,
                size,
                machine(machine),
                aio,
                rows,
                sides(side),
                verify);
        new DiskBench(plan, new LinuxHost(), System.err).run(System.out);
        return ExitStatus.OK;
      }
      Rig rig = Rig.instead(launcher, here, decision.reason());
      // Made here, so that it is there the next time too.
      workload();
      return rig.run(wordsForRig(fioDisk(fio)), null);
    } catch (BenchException e) {
      throw new VmmException(e.getMessage(), e);
    }
  }

  private void check() throws InvalidConfigException {
    check("--rounds", rounds, 1, 100);
    check("--requests", requests, 16, 1_000_000);
    check("--size", size, 16, 1 << 20);
    if (!aio.equals("io_uring") && !aio.equals("threads")) {
      throw new InvalidConfigException(
          "Option --aio: \"%s\" is neither io_uring nor threads.".formatted(aio));
    }
    checkMachine(machine);
    Path parent = folder;
    if (parent != null && !Files.isDirectory(parent)) {
      throw new InvalidConfigException("Option --folder: %s is no folder.".formatted(parent));
    }
    Path disk = fio;
    if (disk != null && !Files.isRegularFile(disk)) {
      throw new InvalidConfigException("Option --fio: %s is not there.".formatted(disk));
    }
  }

  static void checkMachine(String machine) throws InvalidConfigException {
    if (!machine.equals("q35") && !machine.equals("microvm")) {
      throw new InvalidConfigException(
          "Option --machine: \"%s\" is neither q35 nor microvm.".formatted(machine));
    }
  }

  /** QEMU's machine with the options that it needs for PCI devices. */
  static String machine(String machine) {
    return machine.equals("microvm") ? "microvm,pcie=on,rtc=on" : machine;
  }

  /** One side, or both. */
  static Set<Side> sides(@Nullable Side only) {
    return only == null ? EnumSet.allOf(Side.class) : EnumSet.of(only);
  }

  static void check(String option, int value, int least, int most) throws InvalidConfigException {
    if (value < least || value > most) {
      throw new InvalidConfigException(
          "Option %s: %d is not possible; choose %d to %d.".formatted(option, value, least, most));
    }
  }

  static Workload workload() throws ImageException {
    BootImage tiny = BootCommand.tinyLinux();
    Path initrd = Objects.requireNonNull(tiny.initrd(), "Tiny Linux has an initial RAM disk");
    return new Workload(tiny.kernel(), initrd, tiny.commandLine(), MEMORY_MIB);
  }

  /**
   * The disk with fio.
   *
   * @param made one that was made before, or null
   */
  static Path fioDisk(@Nullable Path made) throws ImageException {
    if (made != null) {
      return made.toAbsolutePath();
    }
    Path images = Folders.standard().images();
    try (ProgressLine progress =
        new ProgressLine(System.err, Terminal.isTerminal(Terminal.STANDARD_ERROR))) {
      PackageSource packages = PackageSources.choose(images.resolve("packages"), System.getenv());
      return FioDisk.obtain(images, packages, progress);
    }
  }

  private List<String> wordsForRig(Path disk) {
    List<String> words = new ArrayList<>(List.of(BenchCommand.NAME, NAME, "--here"));
    words.addAll(List.of("--rounds", Integer.toString(rounds)));
    words.addAll(List.of("--requests", Integer.toString(requests)));
    words.addAll(List.of("--size", Integer.toString(size)));
    words.addAll(List.of("--machine", machine, "--aio", aio, verify ? "--verify" : "--no-verify"));
    if (!rows.isEmpty()) {
      words.addAll(List.of("--rows", String.join(",", rows)));
    }
    Side only = side;
    if (only != null) {
      words.addAll(List.of("--side", only.name().toLowerCase(Locale.ROOT)));
    }
    Path parent = folder;
    if (parent != null) {
      words.addAll(List.of("--folder", parent.toString()));
    }
    words.addAll(List.of("--fio", disk.toString()));
    return words;
  }
}
