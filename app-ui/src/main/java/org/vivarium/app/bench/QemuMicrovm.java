package org.vivarium.app.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.vivarium.vmm.engine.BootStage;

/**
 * The yardstick: QEMU's microvm on KVM (QEMU, "microvm virtual platform"), with the fewest devices
 * that still boot the guest to its prompt on a serial console.
 */
public final class QemuMicrovm {
  /** The machine and its options, for the report as well. */
  static final String MACHINE = "microvm,x-option-roms=off,pit=off,pic=off,rtc=on";

  private final Children children;
  private final String program;

  QemuMicrovm(Children children, String program) {
    this.children = children;
    this.program = program;
  }

  /** Boots from the start of the process, and ends it when the guest's init has reported. */
  Boot boot(Workload workload) throws BenchException, InterruptedException {
    try (Child child = children.start(command(workload, debugConsole()))) {
      long init = child.await(Child.USER_SPACE).nanoTime();
      return new Boot(init - child.started(), Boot.UNKNOWN);
    }
  }

  /**
   * Boots a machine that was made beforehand, from the order to run it.
   *
   * @return nanoseconds to the report of the guest's init
   */
  long bootMade(Workload workload) throws BenchException, InterruptedException {
    try (MonitorSocket socket = MonitorSocket.open()) {
      List<String> command = command(workload, debugConsole());
      command.addAll(socket.options());
      command.add("-S");
      try (Child child = children.start(command);
          Monitor monitor = socket.accept(child)) {
        long first = System.nanoTime();
        monitor.execute("cont", JsonNodeFactory.instance.objectNode());
        return child.await(Child.USER_SPACE).nanoTime() - first;
      }
    }
  }

  /** Makes a machine: nanoseconds from the start of the process until it can be ordered to run. */
  long made(Workload workload) throws BenchException, InterruptedException {
    try (MonitorSocket socket = MonitorSocket.open()) {
      List<String> command = command(workload, debugConsole());
      command.addAll(socket.options());
      command.add("-S");
      try (Child child = children.start(command);
          Monitor _ = socket.accept(child)) {
        return System.nanoTime() - child.started();
      }
    }
  }

  /**
   * What KVM had counted when the guest's init reported. The report goes to a device that stops the
   * processor in the same exit, so that nothing is counted that comes later.
   */
  Map<String, Long> exits(Workload workload) throws BenchException, InterruptedException {
    try (MonitorSocket socket = MonitorSocket.open()) {
      // A panic device at the debug port: bit 0 of 0x41 tells it that the guest panicked.
      List<String> command =
          command(
              workload,
              List.of(
                  "-device", "pvpanic,ioport=" + BootStage.DEBUG_PORT, "-action", "panic=pause"));
      command.addAll(socket.options());
      try (Child child = children.start(command);
          Monitor monitor = socket.accept(child)) {
        monitor.awaitEvent("STOP");
        ObjectNode arguments = JsonNodeFactory.instance.objectNode().put("target", "vcpu");
        arguments.putArray("providers").addObject().put("provider", "kvm");
        return counters(monitor.execute("query-stats", arguments));
      }
    }
  }

  /** A machine at its prompt. */
  Child atPrompt(Workload workload) throws BenchException, InterruptedException {
    Child child = children.start(command(workload, debugConsole()));
    try {
      child.await(Child.PROMPT);
      return child;
    } catch (BenchException | InterruptedException e) {
      child.close();
      throw e;
    }
  }

  /** The counters in an answer to query-stats; a histogram is left out. */
  static Map<String, Long> counters(JsonNode answer) {
    Map<String, Long> counters = new TreeMap<>();
    for (JsonNode processor : answer) {
      for (JsonNode counter : processor.path("stats")) {
        JsonNode value = counter.path("value");
        if (value.isIntegralNumber() || value.isBoolean()) {
          counters.merge(counter.path("name").asText(), value.asLong(), Long::sum);
        }
      }
    }
    return counters;
  }

  private static List<String> debugConsole() {
    return List.of(
        "-chardev",
        "file,id=debug,path=/proc/self/fd/2",
        "-device",
        "isa-debugcon,iobase=" + BootStage.DEBUG_PORT + ",chardev=debug");
  }

  /**
   * The command line of a microvm whose debug port speaks on standard error.
   *
   * @param disks read-only disks by the serial numbers that the guest knows them by; with any, the
   *     machine has PCI, as ours has
   */
  public static List<String> commandLine(
      String program, Workload workload, Map<String, Path> disks) {
    List<String> command = command(program, workload, debugConsole());
    if (!disks.isEmpty()) {
      command.set(command.indexOf(MACHINE), MACHINE + ",pcie=on");
    }
    disks.forEach(
        (serial, file) -> {
          String path = file.toString().replace(",", ",,");
          command.add("-drive");
          command.add("if=none,id=%s,readonly=on,format=raw,file=%s".formatted(serial, path));
          command.add("-device");
          command.add("virtio-blk-pci,drive=%s,serial=%s".formatted(serial, serial));
        });
    return command;
  }

  private List<String> command(Workload workload, List<String> devices) {
    return command(program, workload, devices);
  }

  private static List<String> command(String program, Workload workload, List<String> devices) {
    List<String> command = new ArrayList<>(List.of(program, "-M", MACHINE));
    command.addAll(List.of("-accel", "kvm", "-cpu", "host", "-smp", "1"));
    command.addAll(List.of("-m", workload.memoryMib() + "M"));
    command.addAll(List.of("-no-user-config", "-nodefaults", "-no-reboot", "-nographic"));
    command.addAll(
        List.of("-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"));
    command.addAll(devices);
    command.addAll(List.of("-kernel", workload.kernel().toString()));
    command.addAll(List.of("-initrd", workload.initrd().toString()));
    command.addAll(List.of("-append", workload.commandLine()));
    return command;
  }
}
