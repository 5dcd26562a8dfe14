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
import org.jspecify.annotations.Nullable;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Children;
import org.vivarium.app.bench.HostDescription;
import org.vivarium.app.bench.Vivarium;
import org.vivarium.app.bench.Workload;
import org.vivarium.app.doctor.Host;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.qcow2.DiskImages;
import org.vivarium.images.qcow2.Qcow2Creator;

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
   * @param seconds of each row
   * @param mib size of each disk
   * @param machine QEMU's machine with its options
   * @param aio QEMU's way of access: io_uring or threads
   * @param verify whether there is the last boot
   */
  public record Plan(
      Workload workload,
      Path fio,
      @Nullable Path folder,
      int rounds,
      int seconds,
      int mib,
      String machine,
      String aio,
      boolean verify) {}

  private static final String QEMU = "qemu-system-x86_64";
  private static final int ATTEMPTS = 3;
  private static final String PAUSE = "0.3";

  /** jcmd starts a JVM, which takes seconds where processors are emulated. */
  private static final String LONG_PAUSE = "6";

  private static final int PATIENCE_SECONDS = 600;
  private static final int CHUNK = 1 << 20;

  private final Plan plan;
  private final Host host;
  private final PrintStream progress;
  private final Children children = new Children();
  private final Vivarium ours;
  private final String qemu;
  private final Map<Load, DiskResult.Speed> rows = new LinkedHashMap<>();
  private final Map<Load, DiskResult.PerRequest> counts = new LinkedHashMap<>();

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
    List<Load> loads = loads();
    guest.write(PAUSE, loads.stream().map(load -> load.section(plan.seconds())).toList());
    for (int round = 1; round <= plan.rounds(); round++) {
      progress.printf("Round %d of %d.%n", round, plan.rounds());
      boolean oursFirst = round % 2 == 1;
      side(guest, oursFirst);
      side(guest, !oursFirst);
    }
    Map<Load, Double> heap = new LinkedHashMap<>();
    List<String> mismatches = new ArrayList<>();
    if (plan.verify()) {
      progress.println("Looking at the heap, and verifying.");
      verify(guest, heap, mismatches);
    }
    return new DiskResult(
        HostDescription.of(host, qemu),
        guest,
        plan.aio(),
        rows,
        counts,
        heap,
        mismatches,
        plan.verify());
  }

  private static List<Load> loads() {
    List<Load> loads = new ArrayList<>();
    for (Load.Format format : Load.Format.values()) {
      for (Load.Access access : Load.Access.values()) {
        loads.add(new Load(format, access));
      }
    }
    return loads;
  }

  private void side(FioGuest guest, boolean our) throws BenchException, InterruptedException {
    Map<String, KernelCounts.Counts> counted = new HashMap<>();
    Map<String, FioLine> figures = boot(guest, our, counted);
    for (Load load : loads()) {
      FioLine figure = figures.get(load.name());
      if (figure == null || figure.error() != 0) {
        throw new BenchException("fio failed at %s: %s.".formatted(load.name(), figure));
      }
      DiskResult.Speed speed = rows.computeIfAbsent(load, _ -> new DiskResult.Speed());
      (our ? speed.ours() : speed.qemus()).add(figure.perSecond(load.access().kib()));
      KernelCounts.Counts these = counted.get(load.name());
      if (these != null) {
        DiskResult.PerRequest row = counts.computeIfAbsent(load, _ -> new DiskResult.PerRequest());
        double requests = Math.max(1.0, (double) figure.kib() / load.access().kib());
        (our ? row.ours() : row.qemus()).add(these, requests);
      }
    }
  }

  /** An emulated processor now and then fails a guest, on either side: then it is booted again. */
  private Map<String, FioLine> boot(
      FioGuest guest, boolean our, Map<String, KernelCounts.Counts> counted)
      throws BenchException, InterruptedException {
    List<String> command =
        our ? ours.command(guest.ours()) : guest.qemus(qemu, plan.machine(), plan.aio());
    for (int attempt = 1; ; attempt++) {
      counted.clear();
      FioRun run =
          new FioRun(
              KernelCounts.areThere() ? new Counting(counted) : FioRun.NOBODY,
              PATIENCE_SECONDS + plan.seconds());
      try {
        return run.run(children, command);
      } catch (BenchException e) {
        if (attempt == ATTEMPTS) {
          throw e;
        }
        progress.printf("%s failed, once more: %s%n", our ? "Ours" : "QEMU", e.getMessage());
      }
    }
  }

  /** Counts during the rows that requests are counted of. */
  private static final class Counting implements FioRun.Observer {
    private final Map<String, KernelCounts.Counts> counted;
    private @Nullable KernelCounts running;

    Counting(Map<String, KernelCounts.Counts> counted) {
      this.counted = counted;
    }

    @Override
    public void begin(String job, long pid) throws BenchException {
      if (countedJob(job)) {
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
  }

  private static boolean countedJob(String job) {
    return loads().stream().anyMatch(l -> l.access().counted() && l.name().equals(job));
  }

  private void verify(FioGuest guest, Map<Load, Double> heap, List<String> mismatches)
      throws BenchException, IOException, InterruptedException {
    List<Load> counted = loads().stream().filter(load -> load.access().counted()).toList();
    List<String> sections = new ArrayList<>();
    // Each twice: the first time warms the code and its buffers.
    counted.forEach(load -> sections.add(warm(load.section(plan.seconds()))));
    counted.forEach(load -> sections.add(load.section(plan.seconds())));
    for (Load.Format format : Load.Format.values()) {
      sections.add(Load.verification(format, Math.max(1, plan.mib() / 8)));
    }
    guest.write(LONG_PAUSE, sections);
    Map<String, Long> allocated = new HashMap<>();
    FioRun run = new FioRun(new HeapObserver(allocated), PATIENCE_SECONDS + plan.seconds());
    Map<String, FioLine> figures = run.run(children, ours.command(guest.ours()));
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

  private static String warm(String section) {
    return section.replaceFirst("\\[", "[warm-");
  }

  /** Reads the heap's figures before and after each measured row. */
  private static final class HeapObserver implements FioRun.Observer {
    private final Map<String, Long> allocated;
    private long before;

    HeapObserver(Map<String, Long> allocated) {
      this.allocated = allocated;
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
