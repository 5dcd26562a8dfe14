package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vivarium.vmm.client.Notification;

class ConsoleCommandTest {
  @TempDir Path home;
  private CliFixture cli;
  private FakeMachine machine;

  @BeforeEach
  void setUp() {
    cli = new CliFixture(home);
    cli.given("create web");
    cli.given("start web");
    machine = cli.machines.machine("web");
  }

  @Test
  void whatIsTypedBeforeTheEscapeReachesTheGuest() {
    cli.tty.there = true;
    machine.shown = "tiny:~# ";
    cli.type("uname\r\u001dnot this");

    int status = cli.run("console web");

    assertEquals(ExitStatus.OK, status, cli.err());
    assertEquals("uname\r", machine.typed.toString(StandardCharsets.UTF_8));
    assertEquals("tiny:~# ", cli.out());
    assertTrue(cli.err().contains("Machine web runs on."), cli.err());
    assertFalse(cli.tty.raw);
    assertTrue(cli.machines.takeCalls().contains("web console SERIAL"));
  }

  @Test
  void escapeFromAPipeIsTheGuests() {
    machine.lastWord = Optional.of(new Notification.Disconnected("It was shut down.", true));
    machine.shown = "x";
    cli.type("");

    int status = cli.run("console web --virtio");

    assertEquals(ExitStatus.OK, status);
    assertEquals("It was shut down.", cli.err().strip());
    assertEquals(List.of("web console VIRTIO", "web close"), cli.machines.takeCalls());
  }

  @Test
  void machineThatFailedIsStatusThree() {
    machine.lastWord = Optional.of(new Notification.Disconnected("The guest panicked.", false));

    assertEquals(ExitStatus.GUEST_FAILED, cli.run("console web"));
    assertEquals("The guest panicked.", cli.err().strip());
  }

  @ParameterizedTest
  @CsvSource({"0, ''", "1, three", "2, 'two\nthree'", "9, 'one\ntwo\nthree'"})
  void tailLeavesOutWhatCameBefore(int lines, String shown) {
    machine.lastWord = Optional.of(new Notification.Disconnected("It was shut down.", true));
    machine.shown = "one\ntwo\nthree";

    assertEquals(ExitStatus.OK, cli.run("console web --tail " + lines), cli.err());

    assertEquals(shown, cli.out());
  }

  @Test
  void whatComesAfterAPauseIsShownWhole() {
    cli.tty.there = true;
    machine.shown = "past\nprompt";
    // Typed only once the past has been let go.
    cli.typeAfter(() -> cli.out().contains("prompt"), "\u001d");

    assertEquals(ExitStatus.OK, cli.run("console web --tail 1"), cli.err());

    assertEquals("prompt", cli.out());
  }

  @Test
  void consoleThatIsRefusedIsStatusOne() {
    machine.refusal = "This machine has no such console.";

    cli.assertRefused(ExitStatus.FAILED, "console web --virtio");
  }
}
