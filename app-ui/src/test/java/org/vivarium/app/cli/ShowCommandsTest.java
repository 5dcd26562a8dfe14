package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.vmm.client.MachineSummary.State;
import org.vivarium.vmm.client.MetricSample;
import org.vivarium.vmm.client.MetricSample.VcpuTime;
import org.vivarium.vmm.client.Notification;
import org.vivarium.vmm.engine.DeviceFigures;

/** Commands that only look. */
class ShowCommandsTest {
  private static final long MIB = 1L << 20;

  @TempDir Path home;
  private CliFixture cli;

  @BeforeEach
  void setUp() {
    cli = new CliFixture(home);
  }

  private JsonNode json() throws Exception {
    return new ObjectMapper().readTree(cli.out());
  }

  @Test
  void lsWithoutMachinesSaysSoOnStandardError() {
    assertEquals(ExitStatus.OK, cli.run("ls"));

    assertEquals("", cli.out());
    assertTrue(cli.err().contains("no machine yet"), cli.err());
  }

  @Test
  void lsShowsEachMachineInALine() {
    cli.given("create web --cpus 2 --memory 1G");
    cli.given("create bad");
    cli.given("start web");
    cli.machines.machine("bad").state = State.BROKEN;

    assertEquals(ExitStatus.OK, cli.run("ls"));

    assertEquals(
        List.of(
            "NAME  STATE    ENGINE  CPUS  MEMORY  GUEST",
            "bad   broken   -          -       -  -      Its vm.json is bad.",
            "web   running  qemu       2   1 GiB  tiny"),
        cli.out().lines().toList());
  }

  @Test
  void lsSpeaksJson() throws Exception {
    assertEquals(ExitStatus.OK, cli.run("ls --json"));
    assertEquals(0, json().size());
    cli.given("create web --cpus 2");

    assertEquals(ExitStatus.OK, cli.run("ls --json"));

    assertEquals("web", json().get(0).get("name").asText());
    assertEquals("stopped", json().get(0).get("state").asText());
    assertEquals(2, json().get(0).get("definition").get("cpus").asInt());
  }

  @Test
  void showTellsDefinitionAndStatus() {
    cli.given(
        "create web --disk /d/a.qcow2,ro,format=qcow2,serial=S1 --append quiet"
            + " --net user,forward=tcp:8080:80,mac=02:00:00:00:00:01");
    cli.given("start web");

    assertEquals(ExitStatus.OK, cli.run("show web"));

    String text = cli.out().replaceAll(" +", " ");
    for (String line :
        List.of(
            "Machine web, running",
            "Guest tiny",
            "Command line quiet",
            "Processors 1",
            "Memory 256 MiB",
            "Disk disk0 /d/a.qcow2, qcow2, read-only, serial S1",
            "Card net0 user, 02:00:00:00:00:01, forward tcp:127.0.0.1:8080:80",
            "Other devices entropy, memory balloon, virtio console",
            "Autostart no",
            "Engine qemu (software emulation), as asked.",
            "Address 10.0.2.15",
            "Boot prompt after 1500 ms",
            "Folder " + home.resolve("vms/web"))) {
      assertTrue(text.lines().anyMatch(line::equals), line + " is not in " + text);
    }
  }

  @Test
  void showSpeaksJson() throws Exception {
    cli.given("create web");

    assertEquals(ExitStatus.OK, cli.run("show web --json"));
    assertTrue(json().get("status").isNull());
    cli.given("start web");
    assertEquals(ExitStatus.OK, cli.run("show web --json"));

    assertEquals("running", json().get("state").asText());
    assertEquals(4711, json().get("status").get("pid").asInt());
    assertEquals(1_500_000_000L, json().get("status").get("stageNanos").get("PROMPT").asLong());
    assertEquals(home.resolve("vms/web").toString(), json().get("folder").asText());
  }

  @Test
  void logPrintsTheOlderPartFirst() throws Exception {
    cli.given("create web");
    Files.createDirectories(home.resolve("vms/web/state"));
    Files.writeString(home.resolve("vms/web/state/console.log"), "two\n");
    Files.writeString(home.resolve("vms/web/state/console.log.1"), "one\n");
    Files.writeString(home.resolve("vms/web/state/events.log"), "started\n");

    assertEquals(ExitStatus.OK, cli.run("log web"));
    assertEquals("one\ntwo\n", cli.out());
    assertEquals(ExitStatus.OK, cli.run("log --events web"));
    assertEquals("started\n", cli.out());
    assertEquals(ExitStatus.OK, cli.run("log --virtio web"));
    assertEquals("", cli.out());
    assertTrue(cli.err().contains("has not shown anything yet"), cli.err());
  }

  @Test
  void logFollowsWhatRuns() {
    cli.given("create web");
    cli.given("start web");
    cli.machines.machine("web").shown = "all of it";
    cli.machines.machine("web").lastWord =
        Optional.of(new Notification.Disconnected("It ended.", true));

    assertEquals(ExitStatus.OK, cli.run("log -f web"));

    assertEquals("all of it", cli.out());
  }

  private static MetricSample sample(long millis, long factor) {
    return new MetricSample(
        millis,
        List.of(new VcpuTime(factor * 500_000_000L, factor * 100_000_000L)),
        factor * 50_000_000L,
        200 * MIB,
        100 * MIB,
        30 * MIB,
        90 * MIB,
        40 * MIB,
        List.of(
            new DeviceFigures(
                "disk0",
                DeviceFigures.Kind.DISK,
                factor * 2048,
                0,
                factor * 4,
                0,
                0,
                factor * 8_000_000),
            new DeviceFigures(
                "net0", DeviceFigures.Kind.NETWORK, 0, factor * 1024, 0, factor, 0, 0)),
        Map.of("io", factor * 300, "hlt", factor * 20));
  }

  private void givenSamples() {
    cli.given("create web");
    cli.given("start web");
    cli.machines.machine("web").samples =
        List.of(sample(1000, 1), sample(2000, 2), sample(3000, 4));
  }

  @Test
  void statsShowsTheLastSecondOnce() {
    givenSamples();

    assertEquals(ExitStatus.OK, cli.run("stats"));

    List<String> lines = cli.out().lines().map(line -> line.replaceAll(" +", " ")).toList();
    assertEquals("web 100.0 % 30.0 % 70 MiB 90 MiB 40 MiB 4 KiB 0 B 0 B 2 KiB 640", lines.get(1));
    assertTrue(lines.contains("disk0 4 KiB 0 B 8 0 2.00 ms"), cli.out());
    assertTrue(lines.contains("io 600"), cli.out());
  }

  @Test
  void statsSpeaksJson() throws Exception {
    givenSamples();

    assertEquals(ExitStatus.OK, cli.run("stats web --once --json"));

    assertEquals(1, cli.out().lines().count());
    assertEquals(1.0, json().get("cpu").get("guest").asDouble());
    assertEquals(90 * MIB, json().get("memory").get("hostGuestRam").asLong());
    assertEquals(600, json().get("exitsPerSecond").get("io").asInt());
  }

  @Test
  void statsWithoutMachinesSaysSo() {
    assertEquals(ExitStatus.OK, cli.run("stats"));

    assertEquals("", cli.out());
    assertEquals(1, cli.err().lines().count());
  }

  @Test
  void memoryThatTheGuestDoesNotTellIsADash() {
    MetricSample silent =
        new MetricSample(2000, List.of(), 0, -1, -1, -1, 0, 0, List.of(), Map.of());

    MachineRates rates = MachineRates.of("web", silent, silent);

    assertEquals(-1, rates.guestMemoryUsed());
    assertTrue(StatsText.lines(List.of(rates)).get(1).matches("web .* - .* -"));
    assertTrue(StatsText.json(rates).get("memory").get("guestFree").isNull());
  }

  @Test
  void ratesCountFromNothingAfterARestart() {
    MachineRates rates = MachineRates.of("web", sample(1000, 9), sample(2000, 2));

    assertEquals(1.0, rates.guestCpu());
    assertEquals(640, rates.allExits());
  }
}
