package org.vivarium.vmm.engine.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.engine.MachineEvent;
import org.vivarium.vmm.engine.Outcome;
import org.vivarium.vmm.engine.VirtualMachine;

/** Panics of a kernel that has no driver to report them: it finds no root file system. */
@Tag("emulation")
@Timeout(300)
class QemuPanicTest {
  private static final Outcome NO_ROOT =
      new Outcome.Panicked("VFS: Unable to mount root fs on unknown-block(0,0)");

  private final TestConsole console = new TestConsole();
  private final TestListener listener = new TestListener();

  private Optional<Outcome> bootWithoutRoot(String options) throws Exception {
    MachineConfig tiny = TestGuest.config("panic", 1);
    BootSource boot =
        new BootSource(tiny.boot().kernel(), null, tiny.boot().commandLine() + options);
    MachineConfig config = MachineConfig.of("panic", 1, tiny.memoryBytes(), boot);
    try (VirtualMachine machine = new QemuEngine(_ -> {}).create(config, console, listener)) {
      machine.start();
      return machine.await(Duration.ofSeconds(200));
    }
  }

  @Test
  void silentKernelAfterAPanicEndsTheMachine() throws Exception {
    Optional<Outcome> outcome = bootWithoutRoot("");

    assertEquals(Optional.of(NO_ROOT), outcome);
    assertTrue(console.text().contains("---[ end Kernel panic"), "The trace was cut off");
  }

  @Test
  void kernelThatRebootsAtOnceAfterAPanicEndsTheMachine() throws Exception {
    Optional<Outcome> outcome = bootWithoutRoot(" panic=-1");

    assertEquals(Optional.of(NO_ROOT), outcome);
    assertTrue(listener.events().stream().noneMatch(MachineEvent.Restarted.class::isInstance));
  }

  @Test
  void kernelThatRebootsLaterAfterAPanicEndsTheMachine() throws Exception {
    assertEquals(Optional.of(NO_ROOT), bootWithoutRoot(" panic=60"));
  }
}
