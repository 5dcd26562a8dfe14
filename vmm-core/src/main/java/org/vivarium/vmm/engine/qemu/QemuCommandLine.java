package org.vivarium.vmm.engine.qemu;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

  private QemuCommandLine() {}

  /**
   * The arguments after the program's name; a machine that waits to be continued ({@code -S}), with
   * its serial console on standard input and output.
   *
   * @param sandbox whether this QEMU has the option {@code -sandbox}
   * @param monitor Unix socket that QEMU connects to for QMP
   * @param debug Unix socket that QEMU connects to for what the guest writes to the debug port
   */
  static List<String> of(MachineConfig config, boolean sandbox, Path monitor, Path debug) {
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
    add(line, "-chardev", "socket,id=monitor,path=" + escape(monitor.toString()));
    add(line, "-mon", "chardev=monitor,mode=control");
    add(line, "-chardev", "socket,id=debug,path=" + escape(debug.toString()));
    add(line, "-device", "isa-debugcon,iobase=" + BootStage.DEBUG_PORT + ",chardev=debug");
    add(line, "-device", "pvpanic");
    add(line, "-object", "rng-random,id=entropy,filename=/dev/urandom");
    add(line, "-device", "virtio-rng-pci,rng=entropy");
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
  private static String escape(String value) {
    return value.replace(",", ",,");
  }
}
