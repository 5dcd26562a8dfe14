package org.vivarium.app.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Children;
import org.vivarium.app.bench.Vivarium;
import org.vivarium.app.doctor.LinuxHost;
import org.vivarium.app.lab.CancelAtExit;
import org.vivarium.app.lab.Changes;
import org.vivarium.app.lab.Comparison;
import org.vivarium.app.lab.CsvReport;
import org.vivarium.app.lab.Equipment;
import org.vivarium.app.lab.HtmlReport;
import org.vivarium.app.lab.JsonReport;
import org.vivarium.app.lab.MarkdownReport;
import org.vivarium.app.lab.Measure;
import org.vivarium.app.lab.Plan;
import org.vivarium.app.lab.Report;
import org.vivarium.app.lab.Side;
import org.vivarium.images.ImageException;
import org.vivarium.images.oci.OciStore;
import org.vivarium.images.oci.StoredImage;
import org.vivarium.images.oci.WorkloadImage;
import org.vivarium.vmm.Engines;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.engine.EngineChoice;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures the same workload as a container and as a machine. */
@Command(
    name = CompareCommand.NAME,
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Run the same process of the same image on the host, in a container and in a machine, in turn,"
          + " and report what each costs and isolates.",
      "Ctrl-C ends it early; what was measured by then is reported."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium compare --html report.html",
      "  vivarium compare --image web --measures start,memory --runs 9",
      "  vivarium compare --image ./layout:v1 --command \"sh -c 'echo ready; sleep 60'\"",
      "",
      "A container needs runc; the host's side and a writable container need root."
    })
final class CompareCommand implements Callable<Integer> {
  static final String NAME = "compare";

  /** What busybox runs if no command is named: something that starts and stays. */
  private static final List<String> BUSYBOX_WORDS =
      List.of("sh", "-c", "echo ready; exec sleep 3600");

  private static final long MIB = 1L << 20;

  @Option(
      names = "--image",
      paramLabel = "IMAGE",
      defaultValue = "busybox",
      description =
          "busybox, web, database or batch (made here from Debian packages), an OCI layout's folder, an OCI archive, or"
              + " what docker save wrote. Default: busybox.")
  private String image = "";

  @Option(
      names = "--command",
      paramLabel = "WORDS",
      description =
          "The workload, instead of the image's command; it should print when it is ready and stay.")
  private @Nullable String command;

  @Option(
      names = "--measures",
      paramLabel = "LIST",
      split = ",",
      description =
          "Some of start, stop, create, run, size, memory, density, cpu, disk, network, neighbour,"
              + " isolation, calls. Default: all.")
  private List<String> measures = List.of();

  @Option(
      names = "--sides",
      paramLabel = "LIST",
      split = ",",
      description =
          "Some of host, container, podman, docker, vm, vm-container, qemu. Default:"
              + " host,container,vm.")
  private List<String> sides = List.of();

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "5",
      description = "Rounds, after one that is not counted. Default: 5.")
  private int runs;

  @Option(
      names = "--cpus",
      paramLabel = "N",
      defaultValue = "1",
      description = "Processors of a machine, and a container's worth of them. Default: 1.")
  private int cpus;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      converter = MemorySize.class,
      description = "RAM of a machine, and a container's limit. Default: 256M, or more if needed.")
  private @Nullable Long memory;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "120",
      description = "How long a side may take to print or to end, 1 to 3600. Default: 120.")
  private int timeout;

  @Option(
      names = "--batch",
      description =
          "The workload ends by itself: its whole run is measured, not what it costs while it idles.")
  private boolean batch;

  @Option(
      names = "--pin",
      paramLabel = "LIST",
      description = "Processors that all sides run on, such as 0 or 0-1. Default: any.")
  private String pin = "";

  @Option(names = "--html", paramLabel = "FILE", description = "Write the report as HTML.")
  private @Nullable Path html;

  @Option(names = "--markdown", paramLabel = "FILE", description = "Write it as Markdown.")
  private @Nullable Path markdown;

  @Option(names = "--json", paramLabel = "FILE", description = "Write all values as JSON.")
  private @Nullable Path json;

  @Option(names = "--csv", paramLabel = "FILE", description = "Write all values as CSV.")
  private @Nullable Path csv;

  @Option(
      names = "--against",
      paramLabel = "FILE",
      description = "Set it beside an earlier comparison, which --json has written.")
  private @Nullable Path against;

  @Override
  public Integer call() throws VmmException, ImageException, InterruptedException {
    Set<Measure> chosen = chosen("--measures", measures, Measure.values(), Measure::id);
    Set<Side> run = chosen("--sides", sides, Side.values(), Side::id);
    if (sides.isEmpty()) {
      run.removeIf(side -> !side.isUsual());
    }
    checkRange("--runs", runs, Plan.MOST_RUNS);
    checkRange("--cpus", cpus, 64);
    checkRange("--timeout", timeout, 3600);
    if (!pin.matches("|[0-9]{1,4}([,-][0-9]{1,4})*")) {
      throw new InvalidConfigException(
          "Option --pin: \"%s\" is no list of processors such as 0 or 0-1.".formatted(pin));
    }
    for (Path file : Arrays.asList(html, markdown, json, csv)) {
      checkWritable(file);
    }
    Optional<Report> earlier = earlier();
    OciStore.Form form = OciStore.form(System.getenv());
    StoredImage stored = RunCommand.stored(Folders.standard().images(), image, form);
    long bytes = Objects.requireNonNullElseGet(memory, () -> RunCommand.memoryFor(stored, form));
    if (bytes < 32 * MIB) {
      throw new InvalidConfigException("Option --memory: 32M is the least.");
    }
    Plan plan =
        new Plan(
            image,
            words(),
            chosen,
            run,
            runs,
            cpus,
            Math.toIntExact(bytes / MIB),
            Duration.ofSeconds(timeout),
            batch || (command == null && isBatchImage()),
            pin);
    Children children = new Children(Comparison.LONGEST).on(pin);
    try {
      Optional<Path> launcher =
          Optional.ofNullable(System.getenv("VIVARIUM_LAUNCHER")).map(Path::of);
      boolean hardware = Engines.choice().decide(EngineChoice.Request.AUTO).engine().equals("kvm");
      Equipment equipment =
          new Equipment(
              new LinuxHost(),
              children,
              Vivarium.asStarted(children, launcher)::command,
              stored,
              form,
              BootCommand.tinyLinux(),
              hardware);
      return measure(new Comparison(plan, equipment, new CompareProgress(System.err)), earlier);
    } catch (BenchException e) {
      throw new VmmException(e.getMessage(), e);
    }
  }

  private Integer measure(Comparison comparison, Optional<Report> earlier)
      throws BenchException, ImageException, VmmException, InterruptedException {
    try (CancelAtExit _ = new CancelAtExit(comparison)) {
      Report report = comparison.run();
      Optional<Changes> changes = earlier.map(then -> Changes.between(then, report));
      CompareTable table = new CompareTable(System.out);
      table.print(report);
      changes.ifPresent(table::print);
      Map<Path, Function<Report, String>> forms = new LinkedHashMap<>();
      put(forms, html, now -> HtmlReport.write(now, changes));
      put(forms, markdown, MarkdownReport::write);
      put(forms, json, JsonReport::write);
      put(forms, csv, CsvReport::write);
      for (Map.Entry<Path, Function<Report, String>> form : forms.entrySet()) {
        write(form.getKey(), form.getValue().apply(report));
      }
      return report.series().isEmpty() && report.findings().isEmpty()
          ? ExitStatus.FAILED
          : ExitStatus.OK;
    }
  }

  private boolean isBatchImage() {
    return WorkloadImage.named(image).filter(WorkloadImage::isBatch).isPresent();
  }

  private Optional<Report> earlier() throws VmmException {
    if (against == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(JsonReport.read(against));
    } catch (BenchException e) {
      throw new VmmException(e.getMessage(), e);
    }
  }

  private static void put(
      Map<Path, Function<Report, String>> forms,
      @Nullable Path file,
      Function<Report, String> form) {
    if (file != null) {
      forms.put(file.toAbsolutePath(), form);
    }
  }

  private static void write(Path file, String text) throws VmmException {
    try {
      Files.writeString(file, text);
      System.err.println("The report is in " + file + ".");
    } catch (IOException e) {
      throw new VmmException(
          "The file %s cannot be written: %s.".formatted(file, e.getMessage()), e);
    }
  }

  private List<String> words() throws InvalidConfigException {
    String text = command;
    if (text != null) {
      return ShellWords.split("--command", text);
    }
    return image.equals("busybox") ? BUSYBOX_WORDS : List.of();
  }

  private static <E extends Enum<E>> Set<E> chosen(
      String option, List<String> words, E[] all, Function<E, String> id)
      throws InvalidConfigException {
    Set<E> chosen = EnumSet.noneOf(all[0].getDeclaringClass());
    for (String word : words) {
      chosen.add(
          Stream.of(all)
              .filter(one -> id.apply(one).equals(word))
              .findFirst()
              .orElseThrow(
                  () ->
                      new InvalidConfigException(
                          "Option %s: \"%s\" is not one of %s."
                              .formatted(
                                  option,
                                  word,
                                  Stream.of(all).map(id).collect(Collectors.joining(", "))))));
    }
    if (chosen.isEmpty()) {
      chosen.addAll(List.of(all));
    }
    return chosen;
  }

  private static void checkRange(String option, int value, int most) throws InvalidConfigException {
    if (value < 1 || value > most) {
      throw new InvalidConfigException(
          "Option %s: %d is not possible; choose 1 to %d.".formatted(option, value, most));
    }
  }

  private static void checkWritable(@Nullable Path given) throws InvalidConfigException {
    if (given == null) {
      return;
    }
    Path file = given.toAbsolutePath();
    Path folder = file.getParent();
    boolean possible =
        Files.exists(file)
            ? Files.isRegularFile(file) && Files.isWritable(file)
            : folder != null && Files.isDirectory(folder) && Files.isWritable(folder);
    if (!possible) {
      throw new InvalidConfigException(
          "The file %s cannot be written; choose another.".formatted(file));
    }
  }
}
