package org.vivarium.vmm.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.vmm.engine.BootStage;
import org.vivarium.vmm.engine.MachineEvent;
import org.vivarium.vmm.engine.MachineState;
import org.vivarium.vmm.engine.Outcome;
import org.vivarium.vmm.engine.qemu.TestConsole;

/** A real kernel on our own machine is turned off, restarted, paused and killed in every way. */
@Tag("boot")
class LifeAndDeathTest {
  @Test
  void shellAnswersAndPowerButtonShutsDown() throws Exception {
    try (TinyGuest guest = TinyGuest.boot(TinyGuest.Request.small(""))) {
      guest.console.readTo(TinyGuest.PROMPT, TinyGuest.PATIENCE);
      TestConsole.type(guest.machine, "echo answer=$((6*7))");
      guest.console.readTo("answer=42", TinyGuest.PATIENCE);
      Optional<Outcome> outcome = Optional.empty();
      // A press is lost on a guest whose ACPI daemon is not listening yet, as on any computer.
      for (int press = 0; press < 10 && outcome.isEmpty(); press++) {
        guest.machine.pressPowerButton();
        outcome = guest.machine.await(Duration.ofSeconds(20));
      }

      assertInstanceOf(Outcome.PoweredOff.class, outcome.orElse(null), guest.console.text());
      assertEquals(MachineState.STOPPED, guest.machine.state());
    }
  }

  // Linux's reboot=: k is the keyboard controller, a the ACPI reset register, t a triple fault.
  @ParameterizedTest
  @ValueSource(strings = {"k", "a", "t"})
  void rebootStartsTheMachineAgain(String how) throws Exception {
    try (TinyGuest guest = TinyGuest.boot(TinyGuest.Request.small("reboot=" + how))) {
      guest.console.readTo(TinyGuest.PROMPT, TinyGuest.PATIENCE);
      TestConsole.type(guest.machine, "touch /tmp/mark; reboot -f");
      guest.events.await(e -> e instanceof MachineEvent.Restarted, TinyGuest.PATIENCE);
      guest.console.readTo(TinyGuest.PROMPT, TinyGuest.PATIENCE);
      TestConsole.type(guest.machine, "ls /tmp/mark; poweroff");

      Optional<Outcome> outcome = guest.machine.await(TinyGuest.PATIENCE);
      assertInstanceOf(Outcome.PoweredOff.class, outcome.orElse(null), guest.console.text());
      assertTrue(guest.console.text().contains("No such file"), guest.console.text());
    }
  }

  @Test
  void resetButtonStartsTheMachineAgain() throws Exception {
    try (TinyGuest guest = TinyGuest.boot(TinyGuest.Request.small(""))) {
      guest.console.readTo(TinyGuest.PROMPT, TinyGuest.PATIENCE);
      guest.machine.reset();
      guest.console.readTo(TinyGuest.PROMPT, TinyGuest.PATIENCE);

      assertEquals(MachineState.RUNNING, guest.machine.state());
    }
  }

  @Test
  void panicOfARunningKernelIsTold() throws Exception {
    try (TinyGuest guest =
        TinyGuest.boot(TinyGuest.Request.small(TinyGuest.exec("echo c >/proc/sysrq-trigger")))) {
      Optional<Outcome> outcome = guest.machine.await(TinyGuest.PATIENCE);

      Outcome.Panicked panicked =
          assertInstanceOf(Outcome.Panicked.class, outcome.orElse(null), guest.console.text());
      assertTrue(panicked.why().contains("sysrq triggered crash"), panicked.why());
      assertEquals(MachineState.FAILED, guest.machine.state());
    }
  }

  @Test
  void panicBeforeAnyDriverIsTold() throws Exception {
    try (TinyGuest guest =
        TinyGuest.boot(TinyGuest.Request.small("rdinit=/nothing init=/nothing root=/dev/none"))) {
      Optional<Outcome> outcome = guest.machine.await(TinyGuest.PATIENCE);

      assertInstanceOf(Outcome.Panicked.class, outcome.orElse(null), guest.console.text());
    }
  }

  @Test
  void pausedGuestStandsStillAndGoesOnWhereItWas() throws Exception {
    try (TinyGuest guest = TinyGuest.boot(new TinyGuest.Request("cloud", 2, 256, ""))) {
      guest.console.readTo(TinyGuest.PROMPT, TinyGuest.PATIENCE);
      guest.machine.pause();
      TestConsole.type(guest.machine, "echo mark=$((1+1))");
      Optional<Outcome> none = guest.machine.await(Duration.ofSeconds(2));
      String whilePaused = guest.console.text();
      guest.machine.resume();
      guest.console.readTo("mark=2", TinyGuest.PATIENCE);

      assertTrue(none.isEmpty());
      assertTrue(!whilePaused.contains("mark=2"), whilePaused);
      assertEquals(MachineState.RUNNING, guest.machine.state());
    }
  }

  @Test
  void killEndsAGuestInTheMiddleOfItsBoot() throws Exception {
    try (TinyGuest guest = TinyGuest.boot(new TinyGuest.Request("cloud", 4, 256, ""))) {
      guest.events.await(
          e ->
              e instanceof MachineEvent.StageReached reached
                  && reached.stage() == BootStage.FIRST_INSTRUCTION,
          TinyGuest.PATIENCE);
      guest.machine.kill();

      assertInstanceOf(Outcome.Killed.class, guest.machine.await(Duration.ZERO).orElse(null));
    }
  }
}
