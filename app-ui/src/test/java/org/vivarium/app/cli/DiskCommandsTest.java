package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.vmm.config.DiskConfig;

class DiskCommandsTest {
  @TempDir Path home;
  private CliFixture cli;

  @BeforeEach
  void setUp() {
    cli = new CliFixture(home);
  }

  private JsonNode info(String file) throws Exception {
    assertEquals(ExitStatus.OK, cli.run("disk info --json " + home.resolve(file)), cli.err());
    return new ObjectMapper().readTree(cli.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.qcow2", "a.raw", "a.img"})
  void emptyImageIsMadeInTheFormatOfItsName(String name) throws Exception {
    cli.given("disk create " + home.resolve(name) + " 8M");

    JsonNode info = info(name);

    assertEquals(name.endsWith("qcow2") ? "qcow2" : "raw", info.get("format").asText());
    assertEquals(8 << 20, info.get("size").asLong());
    assertEquals(0, info.get("backing").size());
  }

  @Test
  void formatMayBeNamed() throws Exception {
    cli.given("disk create " + home.resolve("a") + " 8M --format raw");

    assertEquals("raw", info("a").get("format").asText());
  }

  @Test
  void infoIsForPeopleToo() {
    cli.given("disk create " + home.resolve("a.qcow2") + " 8M");

    assertEquals(ExitStatus.OK, cli.run("disk info " + home.resolve("a.qcow2")));

    assertTrue(cli.out().contains("Size     8 MiB (8388608 bytes)"), cli.out());
    assertTrue(cli.out().contains("Data     0 B"), cli.out());
  }

  @Test
  void resizeOfAFileMakesItLarger() throws Exception {
    cli.given("disk create " + home.resolve("a.qcow2") + " 8M");

    assertEquals(ExitStatus.OK, cli.run("disk resize " + home.resolve("a.qcow2") + " 16M"));

    assertEquals(16 << 20, info("a.qcow2").get("size").asLong());
    cli.assertRefused(ExitStatus.BAD_INPUT, "disk resize " + home.resolve("a.qcow2") + " 8M");
  }

  @Test
  void resizeOfAMachinesDiskIsTheMachinesWhileItRuns() throws Exception {
    cli.given("disk create " + home.resolve("a.raw") + " 8M");
    cli.given("create web --disk " + home.resolve("a.raw"));

    assertEquals(ExitStatus.OK, cli.run("disk resize web disk0 16M"), cli.err());
    assertEquals(16 << 20, Files.size(home.resolve("a.raw")));
    cli.given("start web");
    assertEquals(ExitStatus.OK, cli.run("disk resize web disk0 32M"));

    assertEquals(List.of("web resize disk0 33554432", "web close"), cli.machines.takeCalls());
  }

  @Test
  void attachedDiskIsNamedAndWrittenDown() throws Exception {
    cli.given("disk create " + home.resolve("a.raw") + " 1M");
    cli.given("create web --disk /d/first.raw");
    cli.given("start web");

    assertEquals(ExitStatus.OK, cli.run("disk attach web " + home.resolve("a.raw") + ",ro"));

    assertEquals("disk1", cli.out().strip());
    assertEquals(List.of("web attach disk1", "web close"), cli.machines.takeCalls());
    DiskConfig disk = cli.machines.definition("web").devices().disks().getLast();
    assertEquals(home.resolve("a.raw"), disk.file());
    assertTrue(disk.readOnly());
  }

  @Test
  void detachedDiskLeavesTheDefinition() {
    cli.given("create web --disk /d/a.raw --disk /d/b.raw");
    cli.given("start web");

    assertEquals(ExitStatus.OK, cli.run("disk detach web disk0"));

    assertEquals(List.of("web detach disk0", "web close"), cli.machines.takeCalls());
    assertEquals(
        List.of("disk1"),
        cli.machines.definition("web").devices().disks().stream().map(DiskConfig::id).toList());
  }

  @Test
  void whatTheGuestDoesNotLetGoStays() {
    cli.given("create web --disk /d/a.raw");
    cli.given("start web");
    cli.machines.machine("web").refusal = "The guest did not let go of disk0.";

    cli.assertRefused(ExitStatus.FAILED, "disk detach web disk0");
    assertFalse(cli.machines.definition("web").devices().disks().isEmpty());
  }

  @Test
  void fileThatIsThereIsNotOverwritten() throws Exception {
    Path file = Files.writeString(home.resolve("a.raw"), "mine");

    cli.assertRefused(ExitStatus.FAILED, "disk create " + file + " 1M");
    assertEquals("mine", Files.readString(file));
  }

  @Test
  void imageThatIsNoneIsRefused() throws Exception {
    Path file = Files.writeString(home.resolve("a.qcow2"), "not one");

    cli.assertRefused(ExitStatus.BAD_INPUT, "disk info " + file);
    cli.assertRefused(ExitStatus.BAD_INPUT, "disk info --format qcow2 " + file);
    cli.assertRefused(ExitStatus.BAD_INPUT, "disk resize " + file + " 1G");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "disk",
        "disk bogus",
        "disk create",
        "disk create /x",
        "disk create /x 0",
        "disk create /x 1000",
        "disk create /x lots",
        "disk create /x 1M --format vmdk",
        "disk info",
        "disk info /nowhere/a.raw",
        "disk info /",
        "disk resize /nowhere/a.raw 1M",
        "disk resize web disk0 1M",
        "disk resize /x lots",
        "disk resize /x",
        "disk attach web",
        "disk attach nobody /x",
        "disk detach nobody disk0",
      })
  void badInputIsStatusTwo(String line) {
    cli.assertRefused(ExitStatus.BAD_INPUT, line);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "disk attach web /nowhere/a.raw",
        "disk attach web /nowhere/a.raw,rw",
        "disk detach web disk7",
        "disk resize web disk7 1G",
      })
  void badDiskOfAMachineIsStatusTwo(String line) {
    cli.given("create web");

    cli.assertRefused(ExitStatus.BAD_INPUT, line);
  }
}
