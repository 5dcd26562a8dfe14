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
import org.jspecify.annotations.Nullable;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Rig;
import org.vivarium.app.bench.Side;
import org.vivarium.app.bench.Workload;
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
import picocli.CommandLine.Option;

/** What the benches of fio in a guest of ours and of QEMU's share: options, and where they run. */
final class BesideQemu {
  private static final int MEMORY_MIB = 256;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "Rounds, each a boot on both sides. Default: 3.")
  int rounds;

  @Option(
      names = "--rows",
      paramLabel = "NAME",
      split = ",",
      description = "Only rows whose names, as they are printed, hold one of these. Default: all.")
  List<String> rows = List.of();

  @Option(
      names = "--side",
      paramLabel = "SIDE",
      description = "Only vivarium, or only qemu. Default: both.")
  private @Nullable Side side;

  @Option(
      names = "--machine",
      paramLabel = "MACHINE",
      defaultValue = "q35",
      description =
          "QEMU's machine: q35, or microvm (with PCI Express, for hosts that q35 fails on)."
              + " Default: q35.")
  private String machine = "q35";

  @Option(
      names = "--fio",
      paramLabel = "FILE",
      description = "A disk with fio that was made before. Default: made from Debian's packages.")
  private @Nullable Path fio;

  @Option(names = "--here", description = "Measure on this computer, never in the emulated one.")
  private boolean here;

  /** A bench on a computer with hardware virtualization. */
  @FunctionalInterface
  interface Bench {
    /**
     * Runs it.
     *
     * @param workload the guest
     * @param fio the disk with fio
     */
    void run(Workload workload, Path fio)
        throws BenchException, VmmException, ImageException, InterruptedException;
  }

  /**
   * Runs a bench here, or its command in the emulated computer.
   *
   * @param name the command's
   * @param own the command's own options, as words
   * @return the exit status
   */
  int run(String name, List<String> own, Bench bench)
      throws VmmException, ImageException, InterruptedException {
    check("--rounds", rounds, 1, 100);
    if (!machine.equals("q35") && !machine.equals("microvm")) {
      throw new InvalidConfigException(
          "Option --machine: \"%s\" is neither q35 nor microvm.".formatted(machine));
    }
    Path made = fio;
    if (made != null && !Files.isRegularFile(made)) {
      throw new InvalidConfigException("Option --fio: %s is not there.".formatted(made));
    }
    Optional<Path> launcher =
        Optional.ofNullable(System.getenv(BenchCommand.LAUNCHER)).map(Path::of);
    try {
      EngineChoice.Decision decision = Engines.choice().decide(EngineChoice.Request.AUTO);
      if (decision.engine().equals("kvm")) {
        bench.run(workload(), fioDisk());
        return ExitStatus.OK;
      }
      Rig rig = Rig.instead(launcher, here, decision.reason());
      // Made here, so that it is there the next time too.
      workload();
      return rig.run(words(name, own, fioDisk()), null);
    } catch (BenchException e) {
      throw new VmmException(e.getMessage(), e);
    }
  }

  private List<String> words(String name, List<String> own, Path disk) {
    List<String> words = new ArrayList<>(List.of(BenchCommand.NAME, name, "--here"));
    words.addAll(List.of("--rounds", Integer.toString(rounds), "--machine", machine));
    if (!rows.isEmpty()) {
      words.addAll(List.of("--rows", String.join(",", rows)));
    }
    Side only = side;
    if (only != null) {
      words.addAll(List.of("--side", only.name().toLowerCase(Locale.ROOT)));
    }
    words.addAll(List.of("--fio", disk.toString()));
    words.addAll(own);
    return words;
  }

  /** QEMU's machine with the options that it needs for PCI devices. */
  String qemuMachine() {
    return machine.equals("microvm") ? "microvm,pcie=on,rtc=on" : machine;
  }

  /** One side, or both. */
  Set<Side> sides() {
    Side only = side;
    return only == null ? EnumSet.allOf(Side.class) : EnumSet.of(only);
  }

  static void check(String option, int value, int least, int most) throws InvalidConfigException {
    if (value < least || value > most) {
      throw new InvalidConfigException(
          "Option %s: %d is not possible; choose %d to %d.".formatted(option, value, least, most));
    }
  }

  private static Workload workload() throws ImageException {
    BootImage tiny = BootCommand.tinyLinux();
    Path initrd = Objects.requireNonNull(tiny.initrd(), "Tiny Linux has an initial RAM disk");
    return new Workload(tiny.kernel(), initrd, tiny.commandLine(), MEMORY_MIB);
  }

  private Path fioDisk() throws ImageException {
    Path made = fio;
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
}
