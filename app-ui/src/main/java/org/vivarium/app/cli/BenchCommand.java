package org.vivarium.app.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.bench.Bench;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.BenchJson;
import org.vivarium.app.bench.BenchReport;
import org.vivarium.app.bench.BenchResult;
import org.vivarium.app.bench.Rig;
import org.vivarium.app.bench.Workload;
import org.vivarium.app.doctor.LinuxHost;
import org.vivarium.images.BootImage;
import org.vivarium.images.ImageException;
import org.vivarium.vmm.Engines;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.engine.EngineChoice;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures machines beside QEMU's microvm. */
@Command(
    name = BenchCommand.NAME,
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measure a boot, its VM exits, the memory of a machine and the cost of an exit, beside QEMU's"
          + " microvm and a loop in C.",
      "Needs hardware virtualization; where there is none, it runs in an emulated computer that has"
          + " it (some minutes, and times are then those of an emulator: look at ratios and"
          + " counts)."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium bench",
      "  vivarium bench --only times,memory --runs 20 --json result.json",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class BenchCommand implements Callable<Integer> {
  static final String NAME = "bench";

  /** Set by the launcher to its own path. */
  static final String LAUNCHER = "VIVARIUM_LAUNCHER";

  private static final long MIB = 1L << 20;
  private static final int MOST_RUNS = 1000;

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "5",
      description = "Rounds, after one that is not counted. Default: 5.")
  private int runs;

  @Option(
      names = "--only",
      paramLabel = "PART",
      split = ",",
      description =
          "Only times, exits, memory, exit-cost, start, idle or run, which is measured beside"
              + " podman's (several with commas). Default: all.")
  private List<String> only = List.of();

  @Option(
      names = "--machines",
      paramLabel = "N",
      defaultValue = "5",
      description = "For idle: machines that run at once on each side. Default: 5.")
  private int machines;

  @Option(
      names = "--at-once",
      paramLabel = "N",
      defaultValue = "20",
      description = "For idle: machines that start at once. Default: 20.")
  private int atOnce;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      defaultValue = "256M",
      converter = MemorySize.class,
      description = "RAM of the guests. Default: 256M.")
  private long memory;

  @Option(
      names = "--kernel",
      paramLabel = "FILE",
      description = "A kernel other than Tiny Linux's; see --initrd.")
  private @Nullable Path kernel;

  @Option(
      names = "--initrd",
      paramLabel = "FILE",
      description =
          "For --kernel: an initial RAM disk whose init writes 0x41 to port 0xe9, and 0x42 before"
              + " its prompt. Default: Tiny Linux's.")
  private @Nullable Path initrd;

  @Option(
      names = "--append",
      paramLabel = "TEXT",
      description =
          "Added to Tiny Linux's kernel command line; with --kernel and --initrd, all of it.")
  private @Nullable String append;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write every single value there as well.")
  private @Nullable Path json;

  @Option(names = "--here", description = "Measure on this computer, never in the emulated one.")
  private boolean here;

  @Override
  public Integer call() throws VmmException, ImageException, InterruptedException {
    Path file = json;
    if (file != null) {
      checkWritable(file.toAbsolutePath());
    }
    Bench.Plan plan = plan();
    Optional<Path> launcher = Optional.ofNullable(System.getenv(LAUNCHER)).map(Path::of);
    try {
      EngineChoice.Decision decision = Engines.choice().decide(EngineChoice.Request.AUTO);
      if (decision.engine().equals("kvm")) {
        return measure(plan, launcher);
      }
      Rig rig = Rig.instead(launcher, here, decision.reason());
      return rig.run(wordsForRig(plan.workload()), file == null ? null : file.toAbsolutePath());
    } catch (BenchException e) {
      throw new VmmException(e.getMessage(), e);
    }
  }

  private Integer measure(Bench.Plan plan, Optional<Path> launcher)
      throws BenchException, VmmException, InterruptedException {
    BenchResult result = new Bench(plan, new LinuxHost(), launcher, System.err).run();
    new BenchReport(System.out).print(result);
    Path file = json;
    if (file != null) {
      BenchJson.write(result, file.toAbsolutePath());
    }
    return ExitStatus.OK;
  }

  private Bench.Plan plan() throws InvalidConfigException, ImageException {
    check("--runs", runs);
    check("--machines", machines);
    check("--at-once", atOnce);
    Set<Bench.Part> parts = parts();
    MachineConfig.of(NAME, 1, memory, new BootSource(Path.of("/"), null, ""));
    Optional<Path> layout =
        parts.contains(Bench.Part.RUN) ? Optional.of(RunCommand.benchImage()) : Optional.empty();
    return new Bench.Plan(workload(), runs, parts, machines, atOnce, layout);
  }

  private static void check(String option, int value) throws InvalidConfigException {
    if (value < 1 || value > MOST_RUNS) {
      throw new InvalidConfigException(
          "Option %s: %d is not possible; choose 1 to %d.".formatted(option, value, MOST_RUNS));
    }
  }

  private Workload workload() throws InvalidConfigException, ImageException {
    Path own = kernel;
    Path disk = initrd;
    if (own == null && disk != null) {
      throw new InvalidConfigException("Option --initrd: it goes with --kernel.");
    }
    for (Path given : Arrays.asList(own, disk)) {
      if (given != null && !Files.isRegularFile(given)) {
        throw new InvalidConfigException(
            "The file %s is not there; check the path.".formatted(given));
      }
    }
    int mib = Math.toIntExact(memory / MIB);
    if (own != null && disk != null) {
      String line = append == null ? BootCommand.DEFAULT_COMMAND_LINE : append;
      return new Workload(own.toAbsolutePath(), disk.toAbsolutePath(), line, mib);
    }
    BootImage tiny = BootCommand.tinyLinux();
    Path tinyDisk = Objects.requireNonNull(tiny.initrd(), "Tiny Linux has an initial RAM disk");
    return new Workload(
        own == null ? tiny.kernel() : own.toAbsolutePath(),
        tinyDisk,
        append == null ? tiny.commandLine() : tiny.commandLine() + " " + append,
        mib);
  }

  private Set<Bench.Part> parts() throws InvalidConfigException {
    if (only.isEmpty()) {
      return EnumSet.allOf(Bench.Part.class);
    }
    Set<Bench.Part> parts = EnumSet.noneOf(Bench.Part.class);
    for (String word : only) {
      parts.add(
          Arrays.stream(Bench.Part.values())
              .filter(part -> name(part).equals(word))
              .findFirst()
              .orElseThrow(
                  () ->
                      new InvalidConfigException(
                          ("Option --only: \"%s\" is not one of times, exits, memory,"
                                  + " exit-cost, start, idle, run.")
                              .formatted(word))));
    }
    return parts;
  }

  private static String name(Bench.Part part) {
    return part.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static void checkWritable(Path file) throws InvalidConfigException {
    Path folder = file.getParent();
    boolean possible =
        Files.exists(file)
            ? Files.isRegularFile(file) && Files.isWritable(file)
            : folder != null && Files.isDirectory(folder) && Files.isWritable(folder);
    if (!possible) {
      throw new InvalidConfigException(
          "Option --json: %s cannot be written; choose another file.".formatted(file));
    }
  }

  /** This command again, with all that was found out here and the answer to where it runs. */
  private List<String> wordsForRig(Workload workload) {
    List<String> words = new ArrayList<>(List.of(NAME, "--here", "--runs", Integer.toString(runs)));
    words.addAll(List.of("--memory", Long.toString(memory)));
    words.addAll(List.of("--machines", Integer.toString(machines)));
    words.addAll(List.of("--at-once", Integer.toString(atOnce)));
    if (!only.isEmpty()) {
      words.addAll(List.of("--only", String.join(",", only)));
    }
    words.addAll(List.of("--kernel", workload.kernel().toString()));
    words.addAll(List.of("--initrd", workload.initrd().toString()));
    words.addAll(List.of("--append", workload.commandLine()));
    return words;
  }
}
