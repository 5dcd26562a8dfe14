package org.vivarium.app.lab;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
import org.vivarium.vmm.engine.BootStage;

/** Machines, each of which runs one process: ours, or QEMU's of the same guest. */
final class MachineGround implements Ground {
  private static final String QEMU = "qemu-system-x86_64";

  private final Equipment equipment;
  private final Exec exec;
  private final Plan plan;
  private final Side side;
  private final String qemu;

  private MachineGround(Equipment equipment, Exec exec, Plan plan, Side side, String qemu) {
    this.equipment = equipment;
    this.exec = exec;
    this.plan = plan;
    this.side = side;
    this.qemu = qemu;
  }

  static MachineGround ours(Equipment equipment, Exec exec, Plan plan) {
    return new MachineGround(equipment, exec, plan, Side.MACHINE, "");
  }

  /**
   * QEMU's machine with hardware virtualization.
   *
   * @throws BenchException if there is no QEMU or no hardware virtualization, or more than one
   *     processor is asked for
   */
  static MachineGround qemu(Equipment equipment, Exec exec, Plan plan) throws BenchException {
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
    return new MachineGround(equipment, exec, plan, Side.QEMU, program);
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
  public Running start(ImageProcess process) throws BenchException, ImageException {
    BootImage guest = GuestProcess.guest(equipment.image(), process, equipment.tiny(), false);
    Capture capture = new Capture();
    long[] now = new long[1];
    GuestOutput output =
        new GuestOutput((bytes, offset, length) -> capture.took(bytes, offset, length, now[0]));
    List<String> words = words(guest);
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

  /** Called when the process has ended, and with it the thread that reads its output. */
  private static OptionalInt status(GuestOutput output) {
    return output.end();
  }

  private void stop(Child child) {
    child.terminate();
  }

  private List<String> words(BootImage guest) {
    Path initrd = Objects.requireNonNull(guest.initrd(), "a guest with files");
    if (side == Side.QEMU) {
      return QemuMicrovm.commandLine(
          qemu, new Workload(guest.kernel(), initrd, guest.commandLine(), plan.memoryMib()));
    }
    List<String> words = new ArrayList<>(List.of("boot", "--stages=lines"));
    words.addAll(List.of("--cpus", Integer.toString(plan.cpus())));
    words.addAll(List.of("--memory", plan.memoryMib() + "M"));
    words.addAll(List.of("--kernel", guest.kernel().toString()));
    words.addAll(List.of("--initrd", initrd.toString()));
    words.addAll(List.of("--append", guest.commandLine()));
    return words;
  }

  @Override
  public Map<String, Double> timeline(ImageProcess process)
      throws BenchException, ImageException, InterruptedException {
    try (Running running = start(process)) {
      long started = running.child().started();
      long first = started + running.firstOutput(plan.patience());
      Map<String, Long> instants = new LinkedHashMap<>();
      for (Child.Word word : running.child().heard()) {
        note(word, instants);
      }
      Map<String, Double> stages = new LinkedHashMap<>();
      long before = started;
      for (Map.Entry<String, Long> instant : instants.entrySet()) {
        stages.put(instant.getKey(), (instant.getValue() - before) / 1e6);
        before = instant.getValue();
      }
      stages.put("workload to first output", Math.max(0, first - before) / 1e6);
      return stages;
    }
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
  public Map<String, Double> sizes() throws BenchException {
    Path archive = equipment.image().archive();
    return Map.of(
        Rows.PACKED.id(), equipment.image().description().packedBytes() / Disk.MIB,
        Rows.APPARENT.id(), Disk.apparent(archive),
        Rows.ALLOCATED.id(), Disk.allocated(exec, archive),
        Rows.KERNEL.id(), Disk.apparent(equipment.tiny().kernel()));
  }

  @Override
  public void close() {
    // Each machine has ended with the comparison that ran it.
  }
}
