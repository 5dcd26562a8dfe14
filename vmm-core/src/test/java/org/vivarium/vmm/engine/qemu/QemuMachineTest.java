package org.vivarium.vmm.engine.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.engine.BootStage;
import org.vivarium.vmm.engine.MachineEvent;
import org.vivarium.vmm.engine.MachineState;
import org.vivarium.vmm.engine.Outcome;
import org.vivarium.vmm.engine.VirtualMachine;

/** The life of a real guest, emulated by a real QEMU. */
@Tag("emulation")
@Timeout(300)
class QemuMachineTest {
  private static final Duration BOOT = Duration.ofSeconds(120);
  private static final Duration SOON = Duration.ofSeconds(30);

  private final TestConsole console = new TestConsole();
  private final TestListener listener = new TestListener();
  private VirtualMachine machine;

  @BeforeEach
  void bootToPrompt() throws Exception {
    machine = new QemuEngine(_ -> {}).create(TestGuest.config("test", 1), console, listener);
    machine.start();
    console.readTo(TestGuest.PROMPT, BOOT);
  }

  @AfterEach
  void close() {
    machine.close();
  }

  private String run(String command) throws InterruptedException {
    TestConsole.type(machine, command);
    console.readTo("\n", SOON);
    return console.readTo(TestGuest.PROMPT, SOON);
  }

  private Outcome end() throws InterruptedException {
    Optional<Outcome> outcome = machine.await(BOOT);
    assertTrue(outcome.isPresent(), "The machine did not end");
    return outcome.get();
  }

  @Test
  void bootReachesEveryStageOnceInOrderAndAnswersCommands() throws Exception {
    String answer = run("echo $((6*7))");

    assertEquals("42\r\n", answer);
    listener.await(
        e ->
            e instanceof MachineEvent.StageReached(BootStage stage, _) && stage == BootStage.PROMPT,
        SOON);
    assertEquals(List.of(BootStage.values()), stages());
    assertEquals(MachineState.RUNNING, machine.state());
  }

  private List<BootStage> stages() {
    return listener.events().stream()
        .filter(MachineEvent.StageReached.class::isInstance)
        .map(event -> ((MachineEvent.StageReached) event).stage())
        .toList();
  }

  @Test
  void poweroffInTheGuestStopsTheMachine() throws Exception {
    TestConsole.type(machine, "poweroff");

    assertEquals(new Outcome.PoweredOff(), end());
    assertEquals(MachineState.STOPPED, machine.state());
  }

  @Test
  void rebootInTheGuestStartsTheMachineAgain() throws Exception {
    TestConsole.type(machine, "reboot");

    listener.await(MachineEvent.Restarted.class::isInstance, SOON);
    // The shell may show one more prompt before it is stopped.
    console.readTo(TestGuest.GREETING, BOOT);
    console.readTo(TestGuest.PROMPT, BOOT);
    assertEquals("42\r\n", run("echo $((6*7))"));
    assertEquals(MachineState.RUNNING, machine.state());
    assertEquals(
        1, listener.events().stream().filter(MachineEvent.Restarted.class::isInstance).count());
  }

  @Test
  void panicEndsTheMachineWithTheKernelsReason() throws Exception {
    TestConsole.type(machine, "echo c > /proc/sysrq-trigger");

    assertEquals(new Outcome.Panicked("sysrq triggered crash"), end());
    assertEquals(MachineState.FAILED, machine.state());
    assertTrue(console.text().contains("Call Trace"), "The trace was cut off");
  }

  @Test
  void powerButtonIsHeardByTheGuest() throws Exception {
    // A press before the guest's daemon listens is lost, as on any computer: press again.
    Optional<Outcome> outcome = Optional.empty();
    for (int press = 0; press < 10 && outcome.isEmpty(); press++) {
      machine.pressPowerButton();
      outcome = machine.await(Duration.ofSeconds(10));
    }

    assertEquals(Optional.of(new Outcome.PoweredOff()), outcome);
  }

  @Test
  void killEndsTheMachineAtOnce() throws Exception {
    machine.kill();

    assertEquals(Optional.of(new Outcome.Killed()), machine.await(Duration.ZERO));
    assertEquals(MachineState.STOPPED, machine.state());
  }

  @Test
  void resetStartsTheMachineAgainAndIsNoRestartOfTheGuests() throws Exception {
    machine.reset();

    console.readTo(TestGuest.PROMPT, BOOT);
    assertEquals("42\r\n", run("echo $((6*7))"));
    assertTrue(listener.events().stream().noneMatch(MachineEvent.Restarted.class::isInstance));
  }

  @Test
  void pauseHoldsOutputBackUntilResume() throws Exception {
    TestConsole.type(machine, "i=0; while :; do echo tick $i; i=$((i+1)); done");
    console.readTo("tick 10\r", SOON);

    machine.pause();
    int printed = settledLength();
    int later = settledLength();
    machine.resume();

    assertEquals(printed, later);
    console.readTo("tick %d\r".formatted(lastTick() + 100), SOON);
    assertInstanceOf(
        MachineEvent.StateChanged.class, listener.events().get(listener.events().size() - 1));
  }

  /** What was printed, once that has not changed for a second. */
  private int settledLength() throws InterruptedException {
    int length = -1;
    for (int now = console.text().length(); now != length; now = console.text().length()) {
      length = now;
      machine.await(Duration.ofSeconds(1));
    }
    return length;
  }

  private int lastTick() {
    String text = console.text();
    int start = text.lastIndexOf("tick ", text.lastIndexOf('\r')) + "tick ".length();
    return Integer.parseInt(text.substring(start, text.indexOf('\r', start)));
  }

  @Test
  void requestsAfterTheEndDoNothing() throws VmmException {
    machine.kill();

    machine.start();
    machine.pause();
    machine.resume();
    machine.reset();
    machine.pressPowerButton();

    assertEquals(MachineState.STOPPED, machine.state());
    assertEquals(0, machine.input(new byte[1], 0, 1));
  }
}
