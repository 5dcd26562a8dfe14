package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.vmm.client.Notification;

/** Starting and ending machines, and deleting them. */
class LifeCommandsTest {
  @TempDir Path home;
  private CliFixture cli;

  @BeforeEach
  void setUp() {
    cli = new CliFixture(home);
    cli.given("create a");
    cli.given("create b");
  }

  @Test
  void startTellsTheEngineAndTheProgress() {
    int status = cli.run("start a b");

    assertEquals(ExitStatus.OK, status);
    assertEquals(List.of("a start", "a close", "b start", "b close"), cli.machines.takeCalls());
    assertEquals("", cli.out());
    assertTrue(cli.err().contains("Building the guest."), cli.err());
    assertTrue(cli.err().contains("Engine: qemu (software emulation), as asked."), cli.err());
  }

  @Test
  void startDrawsABarAtATerminal() {
    cli.tty.there = true;

    cli.run("start a");

    assertTrue(cli.err().contains("[############            ]"), cli.err());
  }

  @Test
  void startWithAttachShowsTheConsole() {
    cli.machines.machine("a").shown = "Hello";
    cli.machines.machine("a").lastWord =
        Optional.of(new Notification.Disconnected("It was shut down.", true));

    int status = cli.run("start a --attach");

    assertEquals(ExitStatus.OK, status, cli.err());
    assertEquals("Hello", cli.out());
  }

  @Test
  void oneThatFailsDoesNotSpareTheOthers() {
    cli.given("start a");

    int status = cli.run("start a b");

    assertEquals(ExitStatus.FAILED, status);
    assertTrue(cli.err().contains("The machine a is running already."), cli.err());
    assertEquals(List.of("b start", "b close"), cli.machines.takeCalls());
  }

  @ParameterizedTest
  @ValueSource(strings = {"kill", "pause", "resume"})
  void verbReachesEachMachine(String verb) {
    cli.given("start a b");

    int status = cli.run(verb + " a b");

    assertEquals(ExitStatus.OK, status, cli.err());
    assertEquals(List.of("a " + verb, "a close", "b " + verb, "b close"), cli.machines.takeCalls());
  }

  @Test
  void stopShutsDown() {
    cli.given("start a");

    int status = cli.run("stop a --timeout 7");

    assertEquals(ExitStatus.OK, status);
    assertEquals(List.of("a shut down 7", "a close"), cli.machines.takeCalls());
    assertEquals("", cli.err());
  }

  @Test
  void stopTellsOfForce() {
    cli.given("start a");
    cli.machines.machine("a").obeysPowerButton = false;

    int status = cli.run("stop a");

    assertEquals(ExitStatus.GUEST_FAILED, status);
    assertTrue(cli.err().contains("a did not shut down within 60 s; it was forced off."));
  }

  @Test
  void stopAllStopsWhatRuns() {
    cli.given("create c");
    cli.given("start a c");

    int status = cli.run("stop --all");

    assertEquals(ExitStatus.OK, status);
    assertEquals(
        Set.of("a shut down 60", "a close", "c shut down 60", "c close"),
        Set.copyOf(cli.machines.takeCalls()));
  }

  @Test
  void restartShutsDownAndStarts() {
    cli.given("start a");

    int status = cli.run("restart a");

    assertEquals(ExitStatus.OK, status);
    assertEquals(
        List.of("a shut down 60", "a close", "a start", "a close"), cli.machines.takeCalls());
  }

  @Test
  void restartWithResetPressesTheButton() {
    cli.given("start a");

    cli.run("restart a --reset");

    assertEquals(List.of("a reset", "a close"), cli.machines.takeCalls());
  }

  @Test
  void refusalOfAMachineIsStatusOne() {
    cli.given("start a");
    cli.machines.machine("a").refusal = "This machine's engine cannot pause.";

    cli.assertRefused(ExitStatus.FAILED, "pause a");
  }

  @ParameterizedTest
  @ValueSource(strings = {"stop a", "kill a", "pause a", "resume a", "restart a", "console a"})
  void whatDoesNotRunIsStatusOne(String line) {
    cli.assertRefused(ExitStatus.FAILED, line);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "start nobody",
        "start",
        "start a b --attach",
        "stop nobody",
        "stop",
        "stop a --all",
        "stop a --timeout=-1",
        "stop a --timeout=soon",
        "kill nobody",
        "pause nobody",
        "resume nobody",
        "restart nobody",
        "restart a --timeout=-1",
        "rm nobody --force",
        "rm a",
        "console nobody",
        "console a --tail=-2",
        "console a --tail=all",
        "log nobody",
        "log a --events --follow",
        "show nobody",
        "edit nobody",
        "stats nobody",
      })
  void badInputIsStatusTwo(String line) {
    cli.assertRefused(ExitStatus.BAD_INPUT, line);

    assertEquals(List.of(), cli.machines.takeCalls());
  }

  @Test
  void rmAsksOnceAndObeys() {
    cli.tty.there = true;
    cli.type("y\n");

    int status = cli.run("rm a b");

    assertEquals(ExitStatus.OK, status);
    assertEquals(List.of("a delete", "b delete"), cli.machines.takeCalls());
    assertEquals("Delete a, b with their folders? [y/N] ", cli.err());
  }

  @Test
  void rmLeavesWhatIsNotAffirmed() {
    cli.tty.there = true;
    cli.type("\n");

    int status = cli.run("rm a");

    assertEquals(ExitStatus.FAILED, status);
    assertFalse(cli.machines.list().isEmpty());
    assertEquals(List.of(), cli.machines.takeCalls());
  }

  @Test
  void rmWithForceEndsWhatRuns() {
    cli.given("start a");

    int status = cli.run("rm --force a");

    assertEquals(ExitStatus.OK, status);
    assertEquals(List.of("a kill", "a close", "a delete"), cli.machines.takeCalls());
  }

  @Test
  void rmRefusesWhatRuns() {
    cli.given("start a");
    cli.tty.there = true;
    cli.type("yes\n");

    cli.assertRefused(ExitStatus.FAILED, "rm a");
    assertEquals(List.of(), cli.machines.takeCalls());
  }
}
