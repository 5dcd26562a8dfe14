package org.vivarium.app.desktop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.testfx.api.FxRobot;
import org.vivarium.app.desktop.machines.NewMachines;
import org.vivarium.images.library.DiskTree;
import org.vivarium.vmm.client.MachineSummary.State;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.PortForward;

/** The page of a new machine. */
class NewMachineTest extends DesktopFixture {
  @Test
  void errorsStandBesideTheirFieldsWhileTyping(FxRobot robot) throws Exception {
    machines.create(NewMachines.firstLinux("taken"));
    await("the other is listed", () -> desktop.model().machines().taken("taken"));
    click(robot, "#new-machine");
    await("the guests are there", () -> robot.lookup("#system-tiny").tryQuery().isPresent());
    assertTrue(text(robot, "#new-verified").contains("SHA-256"));

    fire(robot, "#system-debian-13-cloud");
    assertTrue(text(robot, "#new-verified").contains("No test of this project"));
    fire(robot, "#system-tiny");
    type(robot, "#new-name", "taken");
    assertTrue(text(robot, ".field-error").contains("already"));
    assertTrue(robot.lookup("#create-machine").query().isDisabled());

    type(robot, "#new-name", "fresh");
    type(robot, "#new-memory", "12");
    assertTrue(text(robot, ".field-error").contains("32"));
    type(robot, "#new-memory", "512");
    type(robot, "#new-cpus", "2");
    assertFalse(robot.lookup("#create-machine").query().isDisabled());
    fire(robot, "#create-machine");

    await("it runs", () -> state("fresh") == State.RUNNING);
    assertEquals(512, model("fresh").definition().orElseThrow().memoryMib());
  }

  /** A guest of the catalogue whose disk is a file of the user's own. */
  private Path givenGuestWithADisk(long bytes) throws Exception {
    Path disk = own.resolve("mine.raw");
    Files.writeString(
        Files.createDirectories(own.resolve("catalogue")).resolve("mine.json"),
        """
        {"id": "mine", "title": "Mine", "description": "For tests.", "kind": "disk",
         "file": "%s", "format": "raw", "cpus": 1, "memoryMib": 64, "diskMib": 16,
         "diskBytes": %d, "login": "As root."}
        """
            .formatted(disk, bytes));
    return disk;
  }

  @Test
  void fullCopyOfTheSystemsDiskIsMadeBeforeTheMachineStarts(FxRobot robot) throws Exception {
    Files.writeString(givenGuestWithADisk(0), "content");
    click(robot, "#new-machine");
    await("the guests are there", () -> robot.lookup("#system-mine").tryQuery().isPresent());
    assertFalse(robot.lookup("#disk-choice").query().isVisible(), "Tiny Linux has no disk");
    type(robot, "#new-name", "web");

    fire(robot, "#system-mine");
    fire(robot, "#disk-copied");
    fire(robot, "#create-machine");

    await("it runs", () -> state("web") == State.RUNNING);
    assertNull(DiskTree.scan(own).disks().getFirst().base());
    assertEquals(List.of(), desktop.model().ui().errors().shown());
  }

  @Test
  void fullCopyThatDoesNotFitIsToldBesideTheChoice(FxRobot robot) throws Exception {
    givenGuestWithADisk(1L << 48);
    click(robot, "#new-machine");
    await("the guests are there", () -> robot.lookup("#system-mine").tryQuery().isPresent());
    fire(robot, "#system-mine");
    assertFalse(robot.lookup("#create-machine").query().isDisabled());

    fire(robot, "#disk-copied");

    await("it is told", () -> text(robot, ".field-error").contains("share the base"));
    assertTrue(robot.lookup("#create-machine").query().isDisabled());
    fire(robot, "#disk-shared");
    assertFalse(robot.lookup("#create-machine").query().isDisabled());
  }

  @Test
  void portsOfTheNewMachineLeadToIt(FxRobot robot) throws Exception {
    assumeTrue(NewMachines.userNetworkWorks(), "passt is not installed");
    click(robot, "#new-machine");
    await("the guests are there", () -> robot.lookup("#system-tiny").tryQuery().isPresent());

    type(robot, "#forward-host", "70000");
    assertTrue(robot.lookup("#forward-add").query().isDisabled());
    type(robot, "#forward-host", "8080");
    type(robot, "#forward-guest", "80");
    fire(robot, "#forward-add");
    type(robot, "#new-name", "web");
    fire(robot, "#create-machine");

    await("it runs", () -> state("web") == State.RUNNING);
    assertEquals(
        new NetBackend.User(
            List.of(PortForward.of(PortForward.Protocol.TCP, "127.0.0.1", 8080, 80))),
        model("web").definition().orElseThrow().devices().networks().getFirst().backend());
  }
}
