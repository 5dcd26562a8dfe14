package org.vivarium.app.bench.net;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Child;
import org.vivarium.app.bench.Children;
import org.vivarium.app.bench.HostDescription;
import org.vivarium.app.bench.Paired;
import org.vivarium.app.bench.Samples;
import org.vivarium.app.bench.Side;
import org.vivarium.app.bench.Vivarium;
import org.vivarium.app.bench.Workload;
import org.vivarium.app.bench.disk.FioLine;
import org.vivarium.app.bench.disk.FioRun;
import org.vivarium.app.bench.disk.FioScript;
import org.vivarium.app.bench.disk.KernelCounts;
import org.vivarium.app.doctor.Host;
import org.vivarium.images.DurableFiles;

/**
 * Measures our card beside QEMU's, both behind a passt of their own or on one TAP interface: the
 * same guest, in rounds that boot each side once in alternating order.
 */
public final class NetBench {
  /**
   * What to measure.
   *
   * @param workload kernel, initial RAM disk, memory
   * @param fio the disk with fio
   * @param rounds how many
   * @param mib moved by each row
   * @param machine QEMU's machine with its options
   * @param mtu of the guest's card on QEMU's side, behind passt
   * @param tap the interface that both use; empty: both are behind passt
   * @param rows what names of rows hold, one of these at least; all rows, if there is none
   * @param sides what is booted
   */
  public record Plan(
      Workload workload,
      Path fio,
      int rounds,
      int mib,
      String machine,
      int mtu,
      Optional<String> tap,
      List<String> rows,
      Set<Side> sides) {
    /** Copies what can change. */
    public Plan {
      rows = List.copyOf(rows);
      sides = Set.copyOf(sides);
    }

    List<NetLoad> loads() {
      return Arrays.stream(NetLoad.values())
          .filter(load -> rows.isEmpty() || rows.stream().anyMatch(load.job()::contains))
          .toList();
    }
  }

  private static final String SETUP =
      """
      mount -t ext4 -o ro /dev/vda /mnt || exit 1
      """;

  private static final String GLOBAL =
      """
      [global]
      ioengine=net
      protocol=tcp
      hostname=$gateway
      nodelay=1
      thread
      group_reporting
      """;

  private static final String PAUSE = "0.5";
  private static final int ATTEMPTS = 2;
  private static final int PATIENCE_SECONDS = 150;

  private final Plan plan;
  private final Host host;
  private final PrintStream progress;
  private final Children children = new Children();
  private final Vivarium ours;
  private final String qemu;
  private final Cable cable;
  private final Map<NetLoad, Paired> rows = new EnumMap<>(NetLoad.class);
  private final List<String> counts = new ArrayList<>();
  private final List<String> failures = new ArrayList<>();

  /**
   * @param progress hears what is being done
   * @throws BenchException if something that it needs is missing
   */
  public NetBench(Plan plan, Host host, PrintStream progress) throws BenchException {
    this.plan = plan;
    this.host = host;
    this.progress = progress;
    this.ours = Vivarium.asStarted(children, Optional.empty());
    this.qemu = program("qemu-system-x86_64", "qemu-system-x86");
    this.cable =
        plan.tap().isPresent()
            ? TapCable.of(plan.tap().get())
            : new PasstCable(program("passt", "passt"), plan.mtu());
  }

  private String program(String name, String inPackage) throws BenchException {
    return host.program(name)
        .orElseThrow(
            () ->
                new BenchException(
                    "There is no %s to measure with; install the package %s."
                        .formatted(name, inPackage)));
  }

  /**
   * Measures all of the plan and reports it.
   *
   * @throws BenchException if nothing can be measured
   */
  public void run(PrintStream out) throws BenchException, InterruptedException {
    Path folder = null;
    try (NetPeer peer = new NetPeer(cable.host())) {
      folder = Files.createTempDirectory("vivarium-bench");
      Path script = folder.resolve("script");
      new FioScript(SETUP + cable.setup(), GLOBAL, PAUSE).write(script, sections(peer));
      for (int round = 1; round <= plan.rounds(); round++) {
        progress.printf("Round %d of %d.%n", round, plan.rounds());
        for (Side side : Side.inRound(round)) {
          if (plan.sides().contains(side)) {
            boot(side, round, script, folder.resolve("passt.sock"));
          }
        }
      }
      report(out);
    } catch (IOException e) {
      throw new BenchException("The guest's script cannot be written: " + e.getMessage(), e);
    } finally {
      if (folder != null) {
        delete(folder);
      }
    }
  }

  /** The rows, after one that nobody measures. */
  private List<String> sections(NetPeer peer) {
    List<String> sections = new ArrayList<>();
    for (NetLoad load : List.of(NetLoad.SEND_1, NetLoad.RECEIVE_1)) {
      sections.add(load.section("warm-" + load.job(), plan.mib(), peer.firstPort(load.kind())));
    }
    for (NetLoad load : plan.loads()) {
      sections.add(load.section(load.job(), plan.mib(), peer.firstPort(load.kind())));
    }
    return sections;
  }

  private void boot(Side side, int round, Path script, Path socket) throws InterruptedException {
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      FioRun run = new FioRun(new Rows(side, round), PATIENCE_SECONDS);
      try {
        if (side == Side.VIVARIUM) {
          run.run(children, ours.command(ours(script)), Map.of());
        } else {
          Files.deleteIfExists(socket);
          beside(cable.helper(socket), () -> run.run(children, qemus(script, socket), Map.of()));
        }
        return;
      } catch (BenchException | IOException e) {
        progress.printf("%s failed: %s%n", side, e.getMessage());
        failures.add("Round %d, %s: %s".formatted(round, side, e.getMessage()));
      }
    }
  }

  /** A run that another program may be needed for. */
  private interface Run {
    void run() throws BenchException, IOException, InterruptedException;
  }

  private void beside(List<String> helper, Run run)
      throws BenchException, IOException, InterruptedException {
    if (helper.isEmpty()) {
      run.run();
      return;
    }
    try (Child _ = children.start(helper)) {
      run.run();
    }
  }

  private List<String> ours(Path script) {
    Workload workload = plan.workload();
    return List.of(
        "boot",
        "--engine=kvm",
        "--memory=" + workload.memoryMib() + "M",
        "--kernel=" + workload.kernel(),
        "--initrd=" + workload.initrd(),
        "--append=" + commandLine(),
        "--no-rng",
        "--disk=" + plan.fio() + ",format=raw,ro",
        "--disk=" + script + ",format=raw,ro",
        cable.ours());
  }

  private List<String> qemus(Path script, Path socket) {
    Workload workload = plan.workload();
    List<String> command = new ArrayList<>(List.of(qemu, "-M", plan.machine(), "-accel", "kvm"));
    command.addAll(List.of("-cpu", "host", "-smp", "1", "-m", workload.memoryMib() + "M"));
    command.addAll(List.of("-no-user-config", "-nodefaults", "-no-reboot", "-nographic"));
    command.addAll(
        List.of("-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"));
    for (Path disk : List.of(plan.fio(), script)) {
      String id = disk.equals(script) ? "script" : "fio";
      command.addAll(
          List.of("-drive", "if=none,id=" + id + ",format=raw,readonly=on,file=" + disk));
      command.addAll(List.of("-device", "virtio-blk-pci,drive=" + id));
    }
    command.addAll(List.of("-netdev", cable.qemus(socket)));
    command.addAll(List.of("-device", "virtio-net-pci,netdev=net"));
    command.addAll(List.of("-kernel", workload.kernel().toString()));
    command.addAll(List.of("-initrd", workload.initrd().toString(), "-append", commandLine()));
    return command;
  }

  private String commandLine() {
    return plan.workload().commandLine() + FioScript.start("/dev/vdb");
  }

  /** Keeps what one boot measures, and counts during each row. */
  private final class Rows implements FioRun.Observer {
    private final Side side;
    private final int round;
    private @Nullable KernelCounts running;
    private KernelCounts.@Nullable Counts counted;

    Rows(Side side, int round) {
      this.side = side;
      this.round = round;
    }

    @Override
    public void begin(String job, long pid) throws BenchException {
      // Each stream announces itself.
      if (KernelCounts.areThere() && running == null && measured(job).isPresent()) {
        running = KernelCounts.begin(pid);
      }
    }

    @Override
    public void end(String job, long pid) throws BenchException {
      KernelCounts begun = running;
      if (begun != null) {
        running = null;
        counted = begun.end();
      }
    }

    @Override
    public void figure(FioLine figure) throws BenchException {
      NetLoad load = measured(figure.job()).orElse(null);
      if (figure.error() != 0) {
        throw new BenchException("fio failed at %s: %s.".formatted(figure.job(), figure));
      }
      if (load == null) {
        return;
      }
      double value = load.value(figure.kib(), figure.milliseconds());
      progress.printf(Locale.ROOT, "  %-8s %-12s %,.1f %s%n", side, load.job(), value, load.unit());
      rows.computeIfAbsent(load, _ -> new Paired()).put(side, round, value);
      KernelCounts.Counts these = counted;
      counted = null;
      if (these != null) {
        double amount = load.value(figure.kib(), 1000);
        String text =
            String.format(
                Locale.ROOT,
                "  %-8s %-12s for each %s: %s",
                side,
                load.job(),
                load.unit().replace("/s", ""),
                these.each(amount));
        progress.println(text);
        counts.add(text);
      }
    }

    private Optional<NetLoad> measured(String job) {
      return plan.loads().stream().filter(load -> load.job().equals(job)).findFirst();
    }
  }

  private void report(PrintStream out) throws BenchException {
    HostDescription description = HostDescription.of(host, qemu);
    out.printf("Host       %s%n", description.kind());
    out.printf("Processor  %s, %d%n", description.processor(), description.processors());
    out.printf("QEMU       %s, -M %s%n", description.qemu(), plan.machine());
    out.printf("Network    %s%n%n", cable.description());
    out.printf("%-28s %10s %10s %8s%n", "Network", "vivarium", "QEMU", "/ QEMU");
    rows.forEach(
        (load, values) ->
            out.printf(
                "  %-26s %10s %10s %8s  %s%n",
                load.label(),
                text(values.of(Side.VIVARIUM)),
                text(values.of(Side.QEMU)),
                text(values.ratio()),
                load.unit()));
    counts.forEach(out::println);
    failures.forEach(out::println);
    if (rows.isEmpty()) {
      throw new BenchException("Nothing was measured.");
    }
  }

  private static String text(Optional<Samples> values) {
    return values.map(samples -> String.format(Locale.ROOT, "%,.2f", samples.median())).orElse("-");
  }

  private static void delete(Path folder) throws BenchException {
    try {
      DurableFiles.deleteFolder(folder);
    } catch (IOException e) {
      throw new BenchException("The folder %s cannot be removed.".formatted(folder), e);
    }
  }
}
