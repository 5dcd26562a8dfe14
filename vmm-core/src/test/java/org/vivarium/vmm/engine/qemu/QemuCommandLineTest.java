package org.vivarium.vmm.engine.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.MachineConfig;

class QemuCommandLineTest {
  private static MachineConfig config(String name, @Nullable Path initrd, String commandLine)
      throws InvalidConfigException {
    return MachineConfig.of(
        name, 4, 6L << 30, new BootSource(Path.of("/k/vm,linuz"), initrd, commandLine));
  }

  private static List<String> line(MachineConfig config, boolean sandbox) throws VmmException {
    return QemuCommandLine.of(
        config,
        sandbox,
        new QemuCommandLine.Sockets(Path.of("/run/a,b/m"), Path.of("/run/a,b/d"), null));
  }

  private static String after(List<String> line, String option) {
    return line.get(line.indexOf(option) + 1);
  }

  @Test
  void wholeMachineIsSaid() throws Exception {
    MachineConfig config = config("one", Path.of("/k/initrd"), "console=ttyS0");

    List<String> line = line(config, true);

    assertEquals(
        "-no-user-config -nodefaults -display none"
            + " -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
            + " -S -name guest=one,debug-threads=on -machine q35 -accel tcg,thread=multi -cpu max -smp 4 -m 6144M"
            + " -action panic=shutdown"
            + " -chardev stdio,id=console,signal=off -serial chardev:console"
            + " -chardev socket,id=monitor,path=/run/a,,b/m -mon chardev=monitor,mode=control"
            + " -chardev socket,id=debug,path=/run/a,,b/d"
            + " -device isa-debugcon,iobase=233,chardev=debug -device pvpanic"
            + " -device pcie-root-port,id=port0,bus=pcie.0,chassis=1,addr=10.0,multifunction=on"
            + " -device pcie-root-port,id=port1,bus=pcie.0,chassis=2,addr=10.1,multifunction=on"
            + " -device pcie-root-port,id=port2,bus=pcie.0,chassis=3,addr=10.2,multifunction=on"
            + " -device pcie-root-port,id=port3,bus=pcie.0,chassis=4,addr=10.3,multifunction=on"
            + " -kernel /k/vm,linuz -initrd /k/initrd -append no_timer_check console=ttyS0",
        String.join(" ", line));
  }

  @Test
  void commandLineOfTheKernelIsOneArgument() throws Exception {
    List<String> line = line(config("one", null, "a=\"b c\" -- 'd', $e"), true);

    assertEquals("no_timer_check a=\"b c\" -- 'd', $e", after(line, "-append"));
  }

  @Test
  void emptyCommandLineLeavesNoBlank() throws Exception {
    assertEquals("no_timer_check", after(line(config("one", null, ""), true), "-append"));
  }

  @Test
  void initrdIsLeftOutWhenThereIsNone() throws Exception {
    assertFalse(line(config("one", null, ""), true).contains("-initrd"));
  }

  @Test
  void sandboxIsLeftOutWhereQemuHasNone() throws Exception {
    assertFalse(line(config("one", null, ""), false).contains("-sandbox"));
  }

  @Test
  void commaInANameDoesNotBecomeAnOption() throws Exception {
    assertEquals(
        "guest=a,,debug-threads=on,debug-threads=on",
        after(line(config("a,debug-threads=on", null, ""), true), "-name"));
  }

  @Test
  void relativeKernelThatLooksLikeAnOptionBecomesAbsolute() throws Exception {
    MachineConfig config =
        MachineConfig.of("a", 1, 64L << 20, new BootSource(Path.of("-S"), Path.of("-i"), ""));

    List<String> line = line(config, true);

    assertTrue(after(line, "-kernel").endsWith("/-S"));
    assertTrue(after(line, "-initrd").endsWith("/-i"));
    assertTrue(after(line, "-kernel").startsWith("/"));
  }
}
