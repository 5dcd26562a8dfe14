package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.RateLimit;

/** Networks, limits and the memory balloon. */
class PartCommandsTest {
  @TempDir Path home;
  private CliFixture cli;

  @BeforeEach
  void setUp() {
    cli = new CliFixture(home);
    cli.given("create web --disk /d/a.raw --net user,forward=tcp:2222:22");
    cli.given("create two --net none --net user");
  }

  private List<String> forwards() {
    NetBackend backend = cli.machines.definition("web").devices().networks().getFirst().backend();
    return backend instanceof NetBackend.User user
        ? user.forwards().stream().map(ForwardOption::text).toList()
        : List.of();
  }

  @Test
  void linkOfAStoppedMachineIsItsDefinitions() {
    assertEquals(ExitStatus.OK, cli.run("net link web down"), cli.err());

    assertFalse(cli.machines.definition("web").devices().networks().getFirst().linkUp());
    assertEquals(List.of(), cli.machines.takeCalls());
  }

  @Test
  void linkOfARunningMachineChangesAtOnceToo() {
    cli.given("start two");

    assertEquals(ExitStatus.OK, cli.run("net link two down --card net1"), cli.err());

    assertEquals(List.of("two link net1 false", "two close"), cli.machines.takeCalls());
    assertTrue(cli.machines.definition("two").devices().networks().getFirst().linkUp());
    assertFalse(cli.machines.definition("two").devices().networks().getLast().linkUp());
  }

  @Test
  void forwardsAreListedAddedAndRemoved() {
    cli.given("start web");

    assertEquals(ExitStatus.OK, cli.run("net forward web"));
    assertEquals("tcp:127.0.0.1:2222:22", cli.out().strip());
    assertEquals(ExitStatus.OK, cli.run("net forward web --add tcp:8080:80 --remove tcp:2222:22"));

    assertEquals(
        List.of("web forwards net0 [tcp:127.0.0.1:8080:80]", "web close"),
        cli.machines.takeCalls());
    assertEquals(List.of("tcp:127.0.0.1:8080:80"), forwards());
  }

  @Test
  void whatTheMachineRefusesIsNotWrittenDown() {
    cli.given("start web");
    cli.machines.machine("web").refusal = "Port 8080 of this computer is taken.";

    cli.assertRefused(ExitStatus.FAILED, "net forward web --add tcp:8080:80");
    assertEquals(List.of("tcp:127.0.0.1:2222:22"), forwards());
  }

  @Test
  void limitIsSetInPartsShownAndTakenAway() {
    cli.given("start web");

    assertEquals(ExitStatus.OK, cli.run("limit web disk0 --bytes 20M"), cli.err());
    assertEquals(ExitStatus.OK, cli.run("limit web disk0 --operations 500"), cli.err());
    assertEquals(
        new RateLimit(20 << 20, 500),
        cli.machines.definition("web").devices().disks().getFirst().limit());
    assertEquals(ExitStatus.OK, cli.run("limit web disk0"));
    assertEquals("20 MiB/s, 500 operations/s", cli.out().strip());
    assertEquals(ExitStatus.OK, cli.run("limit web disk0 --none"));
    assertEquals(ExitStatus.OK, cli.run("limit web net0"));
    assertEquals("no limit", cli.out().strip());

    assertEquals(
        List.of(
            "web limit disk0 20971520 0",
            "web close",
            "web limit disk0 20971520 500",
            "web close",
            "web limit disk0 0 0",
            "web close"),
        cli.machines.takeCalls());
  }

  @Test
  void limitOfACardIsWrittenDown() {
    assertEquals(ExitStatus.OK, cli.run("limit web net0 --bytes 1M"));

    assertEquals(
        new RateLimit(1 << 20, 0),
        cli.machines.definition("web").devices().networks().getFirst().limit());
  }

  @Test
  void balloonAsksTheGuest() {
    cli.given("start web");

    assertEquals(ExitStatus.OK, cli.run("balloon web 128M"));

    assertEquals(List.of("web balloon 134217728", "web close"), cli.machines.takeCalls());
  }

  @Test
  void balloonOfAStoppedMachineIsStatusOne() {
    cli.assertRefused(ExitStatus.FAILED, "balloon web 128M");
  }

  @Test
  void machineWithoutADefinitionIsStatusOne() {
    cli.machines.machine("web").state = MachineSummary.State.BROKEN;

    cli.assertRefused(ExitStatus.FAILED, "limit web disk0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "net",
        "net bogus",
        "net link web",
        "net link web sideways",
        "net link nobody up",
        "net link two up",
        "net link two up --card net7",
        "net forward two --card net0",
        "net forward web --add 80",
        "net forward web --remove tcp:8080:80",
        "net forward web --card",
        "limit web",
        "limit web disk7",
        "limit nobody disk0",
        "limit web disk0 --bytes=much",
        "limit web disk0 --bytes=-1",
        "limit web disk0 --operations=-1",
        "limit web disk0 --none --bytes=1",
        "balloon web",
        "balloon web lots",
        "balloon nobody 1G",
      })
  void badInputIsStatusTwo(String line) {
    cli.assertRefused(ExitStatus.BAD_INPUT, line);
  }
}
