package org.vivarium.app.bench.disk;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Children;
import org.vivarium.app.bench.HostDescription;
import org.vivarium.app.bench.Paired;
import org.vivarium.app.bench.Side;
import org.vivarium.app.bench.Vivarium;
import org.vivarium.app.bench.Workload;
import org.vivarium.app.doctor.Host;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.qcow2.DiskImages;
import org.vivarium.images.qcow2.Qcow2Creator;
import org.vivarium.vmm.disk.DiskAccess;

/**
 * Measures our disks beside a machine of QEMU's with an I/O thread: the same guest, the same
 * images, in rounds that boot each side once in alternating order. One more boot of ours looks at
 * the heap and has fio verify what it wrote.
 */
public final class DiskBench {
  /**
   * What to measure.
   *
   * @param workload kernel, initial RAM disk, memory
   * @param fio the disk with fio
   * @param folder where the images go, or null for the folder of temporary files
   * @param rounds how many
   * @param requests of a row with small requests, many at a time; the others have fewer
   * @param warmSeconds half of the time for which each disk is used as in its rows, before they are
   *     measured
   * @param mib size of each disk
   * @param machine QEMU's machine with its options
   * @param aio the way of access on both sides: io_uring or threads
   * @param rows what names of rows hold, one of these at least; all rows, if there is none
   * @param sides what is booted
   * @param verify whether there is the last boot
   */
  public record Plan(
      Workload workload,
      Path fio,
      @Nullable Path folder,
      int rounds,
      int requests,
      int warmSeconds,
      int mib,
      String machine,
      String aio,
      List<String> rows,
      Set<Side> sides,
      boolean verify) {
    /** Copies what can change. */
    public Plan {
      rows = List.copyOf(rows);
      sides = Set.copyOf(sides);
    }

    List<Load> loads() {
      List<Load> loads = new ArrayList<>();
      for (Load.Format format : Load.Format.values()) {
        for (Load.Access access : Load.Access.values()) {
          Load load = new Load(format, access);
          if (rows.isEmpty() || rows.stream().anyMatch(load.name()::contains)) {
            loads.add(load);
          }
        }
      }
      return loads;
    }
  }

  private static final String QEMU = "qemu-system-x86_64";
  private static final int ATTEMPTS = 2;
  private static final String PAUSE = "0.5";

  /** jcmd starts a JVM, which takes seconds where processors are emulated. */
  private static final String LONG_PAUSE = "6";

  /** Of a guest's silence, beyond the time of a warm-up. */
  private static final int PATIENCE_SECONDS = 150;

  private static final int CHUNK = 1 << 20;

  private final Plan plan;
  private final Host host;
  private final PrintStream progress;
  private final Children children = new Children();
  private final Vivarium ours;
  private final String qemu;
  private final Map<Load, Paired> rows = new LinkedHashMap<>();
  private final Map<Load, DiskResult.PerRequest> counts = new LinkedHashMap<>();
  private final List<String> failures = new ArrayList<>();

  /**
   * @param progress hears what is being done
   * @throws BenchException if something that it needs is missing
   */
  public DiskBench(Plan plan, Host host, PrintStream progress) throws BenchException {
    this.plan = plan;
    this.host = host;
    this.progress = progress;
    this.ours = Vivarium.asStarted(children, Optional.empty());
    this.qemu =
        host.program(QEMU)
            .orElseThrow(
                () ->
                    new BenchException(
                        "There is no "
                            + QEMU
                            + " to measure beside; install the package qemu-system-x86."));
  }

  /**
   * Measures all of the plan and reports it.
   *
   * @throws BenchException if a side does not do what it should
   */
  public void run(PrintStream out) throws BenchException, InterruptedException {
    Path folder = null;
    try {
      Path parent = plan.folder();
      folder =
          parent == null
              ? Files.createTempDirectory("vivarium-bench")
              : Files.createTempDirectory(parent, "vivarium-bench");
      progress.printf("Writing two disks of %d MiB below %s.%n", plan.mib(), folder);
      FioGuest guest =
          new FioGuest(
              plan.workload(),
              fill(folder.resolve("disk.raw"), DiskFormat.RAW),
              fill(folder.resolve("disk.qcow2"), DiskFormat.QCOW2),
              plan.fio(),
              folder.resolve("script"));
      DiskResult result = measure(guest);
      new DiskReport(out).print(result, plan);
    } catch (IOException e) {
      throw new BenchException("The disks cannot be made: " + e.getMessage(), e);
    } finally {
      if (folder != null) {
        delete(folder);
      }
    }
  }

  private DiskResult measure(FioGuest guest)
      throws BenchException, IOException, InterruptedException {
    for (int round = 1; round <= plan.rounds(); round++) {
      progress.printf("Round %d of %d.%n", round, plan.rounds());
      guest.write(PAUSE, sections());
      for (Side side : Side.inRound(round)) {
        if (plan.sides().contains(side)) {
          boot(guest, side, round);
        }
      }
    }
    Map<Load, Double> heap = new LinkedHashMap<>();
    List<String> mismatches = new ArrayList<>();
    if (plan.verify()) {
      progress.println("Looking at the heap, and verifying.");
      try {
        verify(guest, heap, mismatches);
      } catch (BenchException e) {
        mismatches.add("The guest that verifies failed: " + e.getMessage());
      }
    }
    return new DiskResult(
        HostDescription.of(host, qemu),
        guest,
        plan.aio(),
        rows,
        counts,
        heap,
        failures,
        mismatches,
        plan.verify());
  }

  /**
   * The rows, each format's after requests like theirs that nobody measures: a JVM that meets a way
   * of access first while it is measured compiles then.
   */
  private List<String> sections() {
    List<String> sections = new ArrayList<>();
    for (Load.Format format : Load.Format.values()) {
      List<Load> loads = plan.loads().stream().filter(l -> l.format() == format).toList();
      int seconds = Math.max(1, 2 * plan.warmSeconds() / Math.max(1, loads.size()));
      loads.forEach(load -> sections.add(load.warmUp(seconds)));
      loads.forEach(load -> sections.add(load.section(plan.requests())));
    }
    return sections;
  }

  /** An emulated processor now and then fails a guest, on either side: then it is booted again. */
  private void boot(FioGuest guest, Side side, int round) throws InterruptedException {
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        new FioRun(new Rows(side, round), PATIENCE_SECONDS + plan.warmSeconds())
            .run(children, command(guest, side), environment());
        return;
      } catch (BenchException e) {
        progress.printf("%s failed: %s%n", side, e.getMessage());
        failures.add("Round %d, %s: %s".formatted(round, side, e.getMessage()));
      }
    }
  }

  private List<String> command(FioGuest guest, Side side) {
    return side == Side.VIVARIUM
        ? ours.command(guest.ours())
        : guest.qemus(qemu, plan.machine(), plan.aio());
  }

  private Map<String, String> environment() {
    return Map.of(DiskAccess.VARIABLE, plan.aio());
  }

  /** Keeps what one boot measures, and counts during the rows that requests are counted of. */
  private final class Rows implements FioRun.Observer {
    private final Side side;
    private final int round;
    private final Map<String, KernelCounts.Counts> counted = new HashMap<>();
    private @Nullable KernelCounts running;

    Rows(Side side, int round) {
      this.side = side;
      this.round = round;
    }

    @Override
    public void begin(String job, long pid) throws BenchException {
      if (KernelCounts.areThere() && countedJob(job)) {
        running = KernelCounts.begin(pid);
      }
    }

    @Override
    public void end(String job, long pid) throws BenchException {
      KernelCounts begun = running;
      running = null;
      if (begun != null) {
        counted.put(job, begun.end());
      }
    }

    @Override
    public void figure(FioLine figure) throws BenchException {
      Optional<Load> found =
          plan.loads().stream().filter(load -> load.name().equals(figure.job())).findFirst();
      if (figure.error() != 0) {
        throw new BenchException("fio failed at %s: %s.".formatted(figure.job(), figure));
      }
      if (found.isPresent()) {
        Load load = found.get();
        double value = figure.perSecond(load.access().kib());
        progress.printf("  %-8s %-26s %,.0f requests/s%n", side, load.name(), value);
        boolean our = side == Side.VIVARIUM;
        rows.computeIfAbsent(load, _ -> new Paired()).put(side, round, value);
        KernelCounts.Counts these = counted.get(load.name());
        if (these != null) {
          DiskResult.PerRequest row =
              counts.computeIfAbsent(load, _ -> new DiskResult.PerRequest());
          double requests = Math.max(1.0, (double) figure.kib() / load.access().kib());
          (our ? row.ours() : row.qemus()).add(these, requests);
          progress.printf("    for each request: %s%n", these.each(requests));
        }
      }
    }
  }

  private boolean countedJob(String job) {
    return plan.loads().stream().anyMatch(l -> l.access().counted() && l.name().equals(job));
  }

  private void verify(FioGuest guest, Map<Load, Double> heap, List<String> mismatches)
      throws BenchException, IOException, InterruptedException {
    List<Load> counted = plan.loads().stream().filter(load -> load.access().counted()).toList();
    List<String> sections = new ArrayList<>();
    // Each twice: the first time warms the code and its buffers.
    counted.forEach(load -> sections.add(load.warmUp(plan.warmSeconds())));
    counted.forEach(load -> sections.add(load.section(plan.requests())));
    for (Load.Format format : Load.Format.values()) {
      sections.add(Load.verification(format, Math.max(1, plan.mib() / 8)));
    }
    guest.write(LONG_PAUSE, sections);
    HeapObserver observer = new HeapObserver();
    new FioRun(observer, PATIENCE_SECONDS + plan.warmSeconds())
        .run(children, command(guest, Side.VIVARIUM), environment());
    Map<String, FioLine> figures = observer.figures;
    Map<String, Long> allocated = observer.allocated;
    for (Load load : counted) {
      FioLine figure = figures.get(load.name());
      Long bytes = allocated.get(load.name());
      if (figure != null && bytes != null) {
        heap.put(load, (double) bytes / Math.max(1, figure.kib() / load.access().kib()));
      }
    }
    for (Load.Format format : Load.Format.values()) {
      String job = Load.verification(format, 1).lines().findFirst().orElseThrow();
      FioLine figure = figures.get(job.substring(1, job.length() - 1));
      if (figure == null || figure.error() != 0) {
        mismatches.add("fio's verification of the %s disk failed: %s".formatted(format, figure));
      }
    }
  }

  /** Reads the heap's figures before and after each measured row. */
  private final class HeapObserver implements FioRun.Observer {
    private final Map<String, Long> allocated = new HashMap<>();
    private final Map<String, FioLine> figures = new HashMap<>();
    private long before;

    @Override
    public void figure(FioLine figure) {
      progress.printf("  %s%n", figure);
      figures.put(figure.job(), figure);
    }

    @Override
    public void begin(String job, long pid) throws BenchException, InterruptedException {
      if (countedJob(job)) {
        before = DeviceHeap.allocated(pid);
      }
    }

    @Override
    public void end(String job, long pid) throws BenchException, InterruptedException {
      if (countedJob(job)) {
        allocated.put(job, DeviceHeap.allocated(pid) - before);
      }
    }
  }

  /** Makes an image that is allocated in full, with content that nobody can compress. */
  private Path fill(Path file, DiskFormat format) throws IOException {
    long size = (long) plan.mib() << 20;
    if (format == DiskFormat.QCOW2) {
      Qcow2Creator.create(file, Qcow2Creator.Spec.of(size));
    } else {
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        channel.write(ByteBuffer.allocate(1), size - 1);
      }
    }
    byte[] bytes = new byte[CHUNK];
    new Random(1).nextBytes(bytes);
    ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK).put(bytes);
    try (DiskImage image = DiskImages.open(file, format, DiskOptions.readWrite())) {
      for (long at = 0; at < size; at += CHUNK) {
        image.write(chunk.clear(), at);
      }
    }
    return file;
  }

  private static void delete(Path folder) throws BenchException {
    try {
      DurableFiles.deleteFolder(folder);
    } catch (IOException e) {
      throw new BenchException("The folder %s cannot be removed.".formatted(folder), e);
    }
  }
}
