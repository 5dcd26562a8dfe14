package org.vivarium.vmm.engine.qemu;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.engine.BootStage;

/** Says a machine in the words of QEMU's command line (QEMU's manual page, qemu-system-x86_64). */
final class QemuCommandLine {
  private static final long MIB = 1L << 20;

  /**
   * Denies QEMU what this machine never needs of the host: old system calls, more privileges, child
   * processes, and changes of its own priority.
   */
  private static final String SANDBOX =
      "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

  /**
   * Stands before the kernel's own command line. Linux waits a few jiffies of its own time for the
   * first timer interrupt and may panic without it; on a busy host an emulated processor gets there
   * too late. KVM guests skip that test by themselves.
   */
  static final String NO_TIMER_CHECK = "no_timer_check";

  /**
   * Where QEMU connects to.
   *
   * @param monitor for QMP
   * @param debug for what the guest writes to the debug port
   * @param console for the virtio console; null: there is none
   */
  record Sockets(Path monitor, Path debug, @Nullable Path console) {}

  private QemuCommandLine() {}

  /**
   * The arguments after the program's name; a machine that waits to be continued ({@code -S}), with
   * its serial console on standard input and output.
   *
   * @param sandbox whether this QEMU has the option {@code -sandbox}
   * @param sockets Unix sockets that QEMU connects to
   * @throws VmmException if a disk's file is not there or its format has to be named
   */
  static List<String> of(MachineConfig config, boolean sandbox, Sockets sockets)
      throws VmmException {
    List<String> line = new ArrayList<>();
    add(line, "-no-user-config");
    add(line, "-nodefaults");
    add(line, "-display", "none");
    if (sandbox) {
      add(line, "-sandbox", SANDBOX);
    }
    add(line, "-S");
    add(line, "-name", "guest=" + escape(config.name()) + ",debug-threads=on");
    add(line, "-machine", "q35");
    add(line, "-accel", "tcg,thread=multi");
    add(line, "-cpu", "max");
    add(line, "-smp", Integer.toString(config.cpus()));
    add(line, "-m", config.memoryBytes() / MIB + "M");
    add(line, "-action", "panic=shutdown");
    add(line, "-chardev", "stdio,id=console,signal=off");
    add(line, "-serial", "chardev:console");
    add(line, "-chardev", "socket,id=monitor,path=" + escape(sockets.monitor().toString()));
    add(line, "-mon", "chardev=monitor,mode=control");
    add(line, "-chardev", "socket,id=debug,path=" + escape(sockets.debug().toString()));
    add(line, "-device", "isa-debugcon,iobase=" + BootStage.DEBUG_PORT + ",chardev=debug");
    add(line, "-device", "pvpanic");
    line.addAll(QemuDeviceWords.arguments(config.devices(), sockets.console()));
    boot(line, config.boot());
    return List.copyOf(line);
  }

  private static void boot(List<String> line, BootSource boot) {
    add(line, "-kernel", boot.kernel().toAbsolutePath().toString());
    Path initrd = boot.initrd();
    if (initrd != null) {
      add(line, "-initrd", initrd.toAbsolutePath().toString());
    }
    add(line, "-append", (NO_TIMER_CHECK + " " + boot.commandLine()).stripTrailing());
  }

  private static void add(List<String> line, String... words) {
    line.addAll(List.of(words));
  }

  /** In a list of suboptions a comma ends the value, and two of them stand for one. */
  static String escape(String value) {
    return value.replace(",", ",,");
  }

  /** A device, whose "driver" comes first, as the command line says it. */
  static String suboptions(ObjectNode device) {
    StringBuilder text = new StringBuilder(device.path("driver").asText());
    device
        .properties()
        .forEach(
            field -> {
              if (!field.getKey().equals("driver")) {
                text.append(',').append(field.getKey()).append('=');
                text.append(escape(field.getValue().asText()));
              }
            });
    return text.toString();
  }
}
