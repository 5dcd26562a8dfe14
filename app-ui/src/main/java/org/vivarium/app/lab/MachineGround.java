package org.vivarium.app.lab;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Child;
import org.vivarium.app.bench.ProcessMemory;
import org.vivarium.app.bench.QemuMicrovm;
import org.vivarium.app.bench.Vivarium;
import org.vivarium.app.bench.Workload;
import org.vivarium.images.BootImage;
import org.vivarium.images.ImageException;
import org.vivarium.images.oci.GuestOutput;
import org.vivarium.images.oci.GuestProcess;
import org.vivarium.images.oci.ImageProcess;
import org.vivarium.images.oci.OciStore;
import org.vivarium.vmm.engine.BootStage;

/** Machines, each of which runs one process: ours, or QEMU's of the same guest. */
final class MachineGround implements Ground {
  private static final String QEMU = "qemu-system-x86_64";

  private final Equipment equipment;
  private final MachineStorage storage;
  private final Plan plan;
  private final Side side;
  private final String qemu;
  private int forward;

  private MachineGround(
      Equipment equipment, MachineStorage storage, Plan plan, Side side, String qemu) {
    this.equipment = equipment;
    this.storage = storage;
    this.plan = plan;
    this.side = side;
    this.qemu = qemu;
  }

  static MachineGround ours(Equipment equipment, MachineStorage storage, Plan plan) {
    return new MachineGround(equipment, storage, plan, Side.MACHINE, "");
  }

  /**
   * QEMU's machine with hardware virtualization.
   *
   * @throws BenchException if there is no QEMU or no hardware virtualization, or more than one
   *     processor is asked for
   */
  static MachineGround qemu(Equipment equipment, MachineStorage storage, Plan plan)
      throws BenchException {
    String program =
        equipment
            .host()
            .program(QEMU)
            .orElseThrow(
                () ->
                    new BenchException(
                        "QEMU's machine is not measured: install the package qemu-system-x86."));
    if (!equipment.hardware() || plan.cpus() != 1) {
      throw new BenchException(
          "QEMU's machine is not measured: it needs hardware virtualization and one processor.");
    }
    return new MachineGround(equipment, storage, plan, Side.QEMU, program);
  }

  @Override
  public Side side() {
    return side;
  }

  @Override
  public boolean comparable() {
    return equipment.hardware();
  }

  @Override
  public Running start(ImageProcess process, Extras extras) throws BenchException, ImageException {
    return start(process, extras, List.of());
  }

  /**
   * As {@link #start(ImageProcess, Extras)}, with disks of ours behind those of the image's layers.
   *
   * @param own read-only disks
   */
  Running start(ImageProcess process, Extras extras, List<Path> own)
      throws BenchException, ImageException {
    boolean devices = !extras.equals(Extras.NONE);
    if (devices && side == Side.QEMU) {
      throw new BenchException(
          "Neither its disk nor its network is measured, for it is given none here.");
    }
    // Guests of layers have their disks' driver at hand; any other device takes all drivers.
    boolean drivers =
        equipment.form() == OciStore.Form.LAYERS ? extras.port() > 0 : devices || !own.isEmpty();
    BootImage guest =
        GuestProcess.guest(
            equipment.image(),
            process,
            equipment.tiny(),
            new GuestProcess.Setting(equipment.form(), false, drivers));
    Capture capture = new Capture();
    long[] now = new long[1];
    GuestOutput output =
        new GuestOutput((bytes, offset, length) -> capture.took(bytes, offset, length, now[0]));
    List<String> words = new ArrayList<>(words(guest));
    own.forEach(file -> words.addAll(List.of("--disk", comma(file) + ",ro,format=raw")));
    words.addAll(devices(extras));
    List<String> command = side == Side.QEMU ? words : equipment.vivarium().apply(words);
    Child child =
        equipment
            .children()
            .start(
                command,
                (bytes, length, when) -> {
                  now[0] = when;
                  output.write(bytes, 0, length);
                });
    String shown = side == Side.QEMU ? Exec.shown(words) : "vivarium " + Exec.shown(words);
    return new Running(child, capture, shown, this::stop, () -> status(output));
  }

  private List<String> devices(Extras extras) throws BenchException {
    List<String> words = new ArrayList<>();
    extras.disk().ifPresent(file -> words.addAll(List.of("--disk", comma(file) + ",format=raw")));
    if (extras.port() > 0) {
      try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        forward = free.getLocalPort();
      } catch (IOException e) {
        throw new BenchException("This computer has no free port.", e);
      }
      words.addAll(List.of("--net", "user,forward=tcp:%d:%d".formatted(forward, extras.port())));
    }
    return words;
  }

  @Override
  public String disk(Path file) throws ImageException {
    return storage.next();
  }

  @Override
  public Link connect(Running running, Extras extras) {
    Optional<InetSocketAddress> address =
        Optional.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), forward));
    return () -> address;
  }

  @Override
  public void trace(ImageProcess process, Tracer tracer)
      throws BenchException, ImageException, InterruptedException {
    if (side == Side.QEMU || !comparable()) {
      throw new BenchException("Only a machine of ours on hardware virtualization is traced.");
    }
    try (Running running = start(process)) {
      running.child().await(Vivarium.line(BootStage.MACHINE_BUILT));
      try (Child tracing = tracer.attach(running.child().pid())) {
        running.end(plan.patience());
        tracer.await(tracing);
      }
    }
  }

  /** A guest has no more than its own memory, and its processes are its own kernel's. */
  @Override
  public boolean limitsProcesses(Running running) {
    return true;
  }

  @Override
  public long create(boolean full) throws BenchException, ImageException {
    return storage.create(full);
  }

  /** Called when the process has ended, and with it the thread that reads its output. */
  private static OptionalInt status(GuestOutput output) {
    return output.end();
  }

  private void stop(Child child) {
    child.terminate();
  }

  /** An option's value ends at a comma that is not written twice. */
  private static String comma(Path file) {
    return file.toString().replace(",", ",,");
  }

  private List<String> words(BootImage guest) throws ImageException {
    Path initrd = Objects.requireNonNull(guest.initrd(), "a guest with files");
    Map<String, Path> disks = storage.disks();
    if (side == Side.QEMU) {
      return QemuMicrovm.commandLine(
          qemu, new Workload(guest.kernel(), initrd, guest.commandLine(), plan.memoryMib()), disks);
    }
    List<String> words = new ArrayList<>(List.of("boot", "--stages=lines"));
    words.addAll(List.of("--cpus", Integer.toString(plan.cpus())));
    words.addAll(List.of("--memory", plan.memoryMib() + "M"));
    words.addAll(List.of("--kernel", guest.kernel().toString()));
    words.addAll(List.of("--initrd", initrd.toString()));
    words.addAll(List.of("--append", guest.commandLine()));
    disks.forEach(
        (serial, file) ->
            words.addAll(
                List.of("--disk", "%s,ro,format=raw,serial=%s".formatted(comma(file), serial))));
    return words;
  }

  @Override
  public Map<String, Double> timeline(ImageProcess process) {
    return Map.of();
  }

  @Override
  public Map<String, Double> stages(Running running, long first) {
    Map<String, Long> instants = new LinkedHashMap<>();
    for (Child.Word word : running.child().heard()) {
      note(word, instants);
    }
    Map<String, Double> stages = new LinkedHashMap<>();
    long started = running.child().started();
    long before = started;
    for (Map.Entry<String, Long> instant : instants.entrySet()) {
      stages.put(instant.getKey(), (instant.getValue() - before) / 1e6);
      before = instant.getValue();
    }
    stages.put("workload to first output", Math.max(0, started + first - before) / 1e6);
    return stages;
  }

  /** What ends with a stage. QEMU passes only the guest's own reports on. */
  private static void note(Child.Word word, Map<String, Long> instants) {
    if (word.text().startsWith(Vivarium.line(BootStage.MACHINE_BUILT))) {
      instants.put("process start, machine built", instant(word));
    } else if (word.text().startsWith(Vivarium.line(BootStage.FIRST_INSTRUCTION))) {
      instants.put("to the first instruction", instant(word));
    } else if (word.text().startsWith(Vivarium.line(BootStage.USER_SPACE))) {
      instants.put("kernel to /init", instant(word));
    } else if (word.text().startsWith(Vivarium.line(BootStage.PROMPT))) {
      instants.put("/init to the workload", instant(word));
    } else if (word.text().equals(Child.USER_SPACE)) {
      instants.put("process start, kernel to /init", word.nanoTime());
    } else if (word.text().equals(Child.PROMPT)) {
      instants.put("/init to the workload", word.nanoTime());
    }
  }

  /** The instant that the line tells: when it happened, not when it arrived. */
  private static long instant(Child.Word word) {
    return Long.parseLong(word.text().split(" ")[2]);
  }

  @Override
  public Map<String, Double> memory(Running running) throws BenchException {
    Map<String, Double> figures = new LinkedHashMap<>();
    if (!comparable()) {
      // The emulator is a process of its own, below ours.
      double all = Disk.pss(running.child().pid());
      for (long pid : running.child().descendants()) {
        all += Disk.pss(pid);
      }
      figures.put(Rows.TOTAL.id(), all);
      return figures;
    }
    ProcessMemory memory = ProcessMemory.of(running.child().pid(), plan.memoryMib());
    double own = memory.own().pss() / 1024.0;
    double guest = memory.guest().pss() / 1024.0;
    figures.put(Rows.TOTAL.id(), own + guest);
    figures.put(Rows.WORKLOAD.id(), guest);
    figures.put(Rows.RUNTIME.id(), own);
    return figures;
  }

  @Override
  public Map<String, Double> sizes() throws BenchException, ImageException {
    return storage.sizes();
  }

  @Override
  public void close() {
    // Each machine has ended with the comparison that ran it.
  }
}
