package org.vivarium.vmm.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.vmm.boot.TestKernels;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.engine.MachineEvent;
import org.vivarium.vmm.engine.MachineState;
import org.vivarium.vmm.engine.Outcome;
import org.vivarium.vmm.engine.VirtualMachine;
import org.vivarium.vmm.engine.qemu.TestConsole;
import org.vivarium.vmm.engine.qemu.TestListener;

/** Whole machines that run a few instructions: on any /dev/kvm, with or without hardware behind. */
@Tag("kvm")
class MicroMachineTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** jmp . */
  private static final byte[] SPIN = {(byte) 0xEB, (byte) 0xFE};

  /** mov dx, 0x604; mov ax, 0x3400; out dx, ax: SLP_EN with the sleep type of S5; jmp . */
  private static final byte[] POWER_OFF = {
    0x66,
    (byte) 0xBA,
    0x04,
    0x06,
    0x66,
    (byte) 0xB8,
    0x00,
    0x34,
    0x66,
    (byte) 0xEF,
    (byte) 0xEB,
    (byte) 0xFE
  };

  /** mov dx, 0x3f8; mov al, 'V'; out dx, al; then as {@link #POWER_OFF}. */
  private static final byte[] SAY_AND_POWER_OFF = {
    0x66,
    (byte) 0xBA,
    (byte) 0xF8,
    0x03,
    (byte) 0xB0,
    'V',
    (byte) 0xEE,
    0x66,
    (byte) 0xBA,
    0x04,
    0x06,
    0x66,
    (byte) 0xB8,
    0x00,
    0x34,
    0x66,
    (byte) 0xEF,
    (byte) 0xEB,
    (byte) 0xFE
  };

  /** mov al, 0xfe; out 0x64, al: the keyboard controller's reset line; jmp . */
  private static final byte[] RESET = {
    (byte) 0xB0, (byte) 0xFE, (byte) 0xE6, 0x64, (byte) 0xEB, (byte) 0xFE
  };

  /** mov dx, 0x505; mov al, 1; out dx, al: pvpanic's "the kernel panicked"; jmp . */
  private static final byte[] PANIC = {
    0x66, (byte) 0xBA, 0x05, 0x05, (byte) 0xB0, 0x01, (byte) 0xEE, (byte) 0xEB, (byte) 0xFE
  };

  /** lidt of an empty table, int3: no handler, no handler for that, a triple fault. */
  private static final byte[] TRIPLE_FAULT = {
    0x0F, 0x01, 0x1D, 0x00, 0x00, 0x00, 0x00, (byte) 0xCC, (byte) 0xEB, (byte) 0xFE
  };

  @TempDir private Path folder;

  private final TestConsole console = new TestConsole();
  private final TestListener events = new TestListener();

  private VirtualMachine machine(byte[] code, int cpus) throws Exception {
    Path kernel = folder.resolve("kernel");
    ByteBuffer image = TestKernels.elf(code);
    Files.write(kernel, image.array());
    MachineConfig config =
        MachineConfig.of("micro", cpus, 32L << 20, new BootSource(kernel, null, ""));
    return new KvmEngine().create(config, console, events);
  }

  @Test
  void consoleIsCarriedToItsLastByteBeforeTheEnd() throws Exception {
    try (VirtualMachine machine = machine(SAY_AND_POWER_OFF, 1)) {
      machine.start();

      assertInstanceOf(Outcome.PoweredOff.class, machine.await(PATIENCE).orElse(null));
      assertEquals("V", console.text());
      assertEquals(MachineState.STOPPED, machine.state());
    }
  }

  @Test
  void resetOfTheGuestStartsTheMachineAgain() throws Exception {
    try (VirtualMachine machine = machine(RESET, 1)) {
      machine.start();

      events.await(e -> e instanceof MachineEvent.Restarted, PATIENCE);
      assertTrue(machine.await(Duration.ZERO).isEmpty());
    }
  }

  @Test
  void tripleFaultStartsTheMachineAgain() throws Exception {
    try (VirtualMachine machine = machine(TRIPLE_FAULT, 1)) {
      machine.start();

      events.await(
          e -> e instanceof MachineEvent.Restarted(String why) && why.contains("triple fault"),
          PATIENCE);
    }
  }

  @Test
  void reportedPanicEndsTheMachine() throws Exception {
    try (VirtualMachine machine = machine(PANIC, 1)) {
      machine.start();

      assertInstanceOf(Outcome.Panicked.class, machine.await(PATIENCE).orElse(null));
      assertEquals(MachineState.FAILED, machine.state());
    }
  }

  @Test
  void pauseAndResumeLeaveAGuestRunning() throws Exception {
    try (VirtualMachine machine = machine(SPIN, 2)) {
      machine.start();
      for (int i = 0; i < 20; i++) {
        machine.pause();
        assertEquals(MachineState.PAUSED, machine.state());
        machine.resume();
        assertEquals(MachineState.RUNNING, machine.state());
      }
    }
  }

  @Test
  void requestsAfterTheEndDoNothing() throws Exception {
    try (VirtualMachine machine = machine(POWER_OFF, 1)) {
      machine.start();
      machine.await(PATIENCE);

      machine.pause();
      machine.resume();
      machine.reset();
      machine.pressPowerButton();
      machine.kill();
      assertEquals(0, machine.input(new byte[] {'x'}, 0, 1));
      assertEquals(MachineState.STOPPED, machine.state());
    }
  }

  @Test
  void machineThatWasNeverStartedIsGivenBack() throws Exception {
    Remains before = Remains.now();
    machine(SPIN, 4).close();

    assertEquals(before, Remains.now());
  }

  @Test
  void twoHundredLivesLeaveNothingBehind() throws Exception {
    oneLife(0);
    Remains before = Remains.now();
    for (int life = 1; life <= 200; life++) {
      oneLife(life);
    }

    assertEquals(before, Remains.now());
  }

  /** Kills a machine after a moment that differs from life to life. */
  private void oneLife(int life) throws Exception {
    try (VirtualMachine machine = machine(life % 3 == 0 ? RESET : SPIN, 1 + life % 4)) {
      machine.start();
      if (life % 5 == 0) {
        machine.pause();
      }
      LockSupport.parkNanos(life * 100_003L % 10_000_000);
    }
  }

  /**
   * What a process holds: open files, threads of machines, mappings of guest memory and run pages.
   */
  private record Remains(long files, long threads, long mappings) {
    static Remains now() throws IOException {
      return new Remains(openKvmFiles(), machineThreads(), guestMappings());
    }

    private static long openKvmFiles() throws IOException {
      long files = 0;
      try (Stream<Path> entries = Files.list(Path.of("/proc/self/fd"))) {
        for (Path entry : entries.toList()) {
          files += isOfAMachine(entry) ? 1 : 0;
        }
      }
      return files;
    }

    private static boolean isOfAMachine(Path entry) {
      try {
        String target = Files.readSymbolicLink(entry).toString();
        return target.contains("kvm") || target.contains("eventfd") || target.contains("memfd");
      } catch (IOException _) {
        // Closed since the folder was read.
        return false;
      }
    }

    private static long machineThreads() {
      return Thread.getAllStackTraces().keySet().stream()
          .filter(t -> t.getName().contains("micro"))
          .count();
    }

    private static long guestMappings() throws IOException {
      try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
        return lines.filter(l -> l.contains("vivarium") || l.contains("kvm-vcpu")).count();
      }
    }
  }
}
