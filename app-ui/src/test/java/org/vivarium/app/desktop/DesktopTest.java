package org.vivarium.app.desktop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import javafx.application.Platform;
import javafx.scene.control.Button;
import javafx.scene.control.ButtonBase;
import javafx.scene.control.Labeled;
import javafx.scene.control.ListView;
import javafx.scene.control.TextField;
import javafx.scene.input.KeyCode;
import javafx.stage.Stage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.testfx.api.FxRobot;
import org.testfx.framework.junit5.ApplicationExtension;
import org.testfx.framework.junit5.Start;
import org.testfx.util.WaitForAsyncUtils;
import org.vivarium.app.desktop.base.Settings;
import org.vivarium.app.desktop.base.Settings.Order;
import org.vivarium.app.desktop.base.Settings.ThemeChoice;
import org.vivarium.app.desktop.base.Texts;
import org.vivarium.app.desktop.base.Theme;
import org.vivarium.app.desktop.machines.DiskCommands;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.machines.NewMachines;
import org.vivarium.app.desktop.page.MachineAction;
import org.vivarium.app.desktop.page.MachineActions;
import org.vivarium.app.desktop.page.MachinePage;
import org.vivarium.app.desktop.shell.DeskModel;
import org.vivarium.images.library.DiskTree;
import org.vivarium.vmm.client.MachineSummary.State;
import org.vivarium.vmm.client.Notification;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.definition.DefinitionJson;
import org.vivarium.vmm.engine.EngineChoice;

/** The whole window, driven as a person drives it, over machines that a test commands. */
@ExtendWith(ApplicationExtension.class)
class DesktopTest {
  private static final int PATIENCE_SECONDS = 30;

  @TempDir static Path home;

  @SuppressWarnings("NullAway.Init") // by @Start
  private FakeMachines machines;

  @SuppressWarnings("NullAway.Init") // by @Start
  private Desktop desktop;

  @SuppressWarnings("NullAway.Init") // by @Start
  private Path own;

  @Start
  void open(Stage stage) throws Exception {
    own = Files.createTempDirectory(home, "home");
    machines = new FakeMachines(own);
    desktop =
        new Desktop(
            new Desktop.Setting(
                machines,
                () ->
                    new EngineChoice.Decision("qemu", "Engine: qemu, as asked.", Optional.empty()),
                new FakeLab(),
                own),
            stage);
  }

  @AfterEach
  void close() {
    WaitForAsyncUtils.waitForAsyncFx(10_000, () -> desktop.close());
  }

  @Test
  void oneClickLeadsIntoALiveTerminal(FxRobot robot) throws Exception {
    click(robot, "#start-first");
    await("the machine runs", () -> state("first-linux") == State.RUNNING);
    await("the prompt is shown", () -> console("first-linux").contains("~ #"));

    await("the terminal has the keyboard", () -> terminalIsFocused(robot));
    robot.write("echo hello").push(KeyCode.ENTER);

    await(
        "the output is shown",
        () -> console("first-linux").contains("\nhello"),
        () -> console("first-linux"));
    assertEquals(MachinePage.Part.CONSOLE, desktop.model().part().get());
  }

  @Test
  void startThatIsCancelledLeavesAStoppedMachine(FxRobot robot) throws Exception {
    machines.startsTake(600_000);
    click(robot, "#start-first");
    await("the step is named", () -> text(robot, "#activity .label").contains("Downloading"));

    click(robot, "#cancel-activity");

    await("the machine is stopped", () -> state("first-linux") == State.STOPPED);
    assertTrue(desktop.model().ui().errors().shown().isEmpty());
  }

  @Test
  void bannerSaysCalmlyThatThisComputerEmulates(FxRobot robot) throws Exception {
    await("the banner is shown", () -> robot.lookup("#banner").query().isVisible());

    assertTrue(text(robot, "#banner .label").contains("software emulation"));
  }

  @Test
  void machinesOfOthersAppearAndADeadProcessLeavesItsLastWords(FxRobot robot) throws Exception {
    machines.create(NewMachines.firstLinux("web"));
    machines.start("web", (_, _) -> {});
    await("it is listed", () -> state("web") == State.RUNNING);

    machines.process("web").end("The guest's kernel panicked: no init found.", false);

    await("it is shown as failed", () -> state("web") == State.FAILED);
    await(
        "its last words are shown",
        () -> text(robot, ".problem-text").contains("panicked: no init found"));
    assertTrue(model("web").log().getLast().trouble());
  }

  @Test
  void hundredMachinesAreListedAndSearched(FxRobot robot) throws Exception {
    for (int i = 0; i < 100; i++) {
      String name = "machine-%03d".formatted(i);
      machines.create(NewMachines.firstLinux(name));
      machines.start(name, (_, _) -> {});
    }
    ListView<?> list = robot.lookup("#machines").queryListView();
    await("all are listed", () -> list.getItems().size() == 100);

    for (int second = 1; second < 4; second++) {
      for (int i = 0; i < 100; i++) {
        FakeLoad.fill(machines.process("machine-%03d".formatted(i)), 5, 0.5);
      }
    }
    robot.interact(() -> ((TextField) robot.lookup("#search").query()).setText("E-07"));

    await("ten are found", () -> list.getItems().size() == 10);
    assertResponsive();
  }

  @Test
  void guestThatPrintsWithoutEndDoesNotFreezeTheWindow(FxRobot robot) throws Exception {
    click(robot, "#start-first");
    await("the prompt is shown", () -> console("first-linux").contains("~ #"));
    FakeProcess process = machines.process("first-linux");
    String line = "0123456789 ".repeat(9) + "\r\n";
    String block = line.repeat(1000);
    for (int i = 0; i < 40; i++) {
      process.print(block);
      assertResponsive();
    }
    process.print("the end\r\n");

    await("the last line is shown", () -> console("first-linux").contains("the end"));
  }

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

    click(robot, "#system-mine");
    click(robot, "#disk-copied");
    robot.interact(() -> ((Button) robot.lookup("#create-machine").query()).fire());

    await("it runs", () -> state("web") == State.RUNNING);
    assertNull(DiskTree.scan(own).disks().getFirst().base());
    assertEquals(List.of(), desktop.model().ui().errors().shown());
  }

  @Test
  void fullCopyThatDoesNotFitIsToldBesideTheChoice(FxRobot robot) throws Exception {
    givenGuestWithADisk(1L << 48);
    click(robot, "#new-machine");
    await("the guests are there", () -> robot.lookup("#system-mine").tryQuery().isPresent());
    click(robot, "#system-mine");
    assertFalse(robot.lookup("#create-machine").query().isDisabled());

    click(robot, "#disk-copied");

    await("it is told", () -> text(robot, ".field-error").contains("share the base"));
    assertTrue(robot.lookup("#create-machine").query().isDisabled());
    click(robot, "#disk-shared");
    assertFalse(robot.lookup("#create-machine").query().isDisabled());
  }

  @Test
  void pauseResumeAndShutDownFromTheHeader(FxRobot robot) throws Exception {
    click(robot, "#start-first");
    await("it runs", () -> state("first-linux") == State.RUNNING);

    click(robot, "#action-PAUSE_MACHINE");
    await("it stands still", () -> state("first-linux") == State.PAUSED);
    click(robot, "#action-RESUME");
    await("it runs again", () -> state("first-linux") == State.RUNNING);
    click(robot, "#action-SHUT_DOWN");
    await("it is off", () -> state("first-linux") == State.STOPPED);
    await("nothing is under way", () -> model("first-linux").activity().get() == null);
  }

  @Test
  void deletingAsksAndNamesWhatIsLost(FxRobot robot) throws Exception {
    machines.create(NewMachines.firstLinux("old"));
    Files.writeString(machines.folder("old").resolve("old.qcow2"), "data");
    await("it is listed", () -> desktop.model().machines().find("old").isPresent());
    MachineModel machine = model("old");

    robot.interact(
        () ->
            new MachineActions(desktop.model().ui(), desktop.model().machines(), () -> {})
                .run(MachineAction.DELETE, List.of(machine)));
    await("what is lost is named", () -> text(robot, ".dialog-text").contains("old.qcow2"));
    click(robot, "#dialog-confirm");

    await("it is gone", () -> desktop.model().machines().find("old").isEmpty());
  }

  @Test
  void attachedDiskReachesTheRunningMachineAndItsDefinition(FxRobot robot) throws Exception {
    Path image = Files.createFile(home.resolve("data.img"));
    click(robot, "#start-first");
    await("it runs", () -> state("first-linux") == State.RUNNING);
    await("it is connected", () -> model("first-linux").connection().get() != null);

    robot.interact(
        () -> new DiskCommands(desktop.model().ui(), model("first-linux")).attach(List.of(image)));

    await(
        "the definition has it",
        () -> model("first-linux").definition().orElseThrow().devices().disks().size() == 1);
    assertTrue(machines.process("first-linux").calls().contains("attach data.img"));
  }

  @Test
  void filesDroppedTogetherBecomeDisksOfTheirOwn(FxRobot robot) throws Exception {
    Path first = Files.createFile(home.resolve("first.img"));
    Path second = Files.createFile(home.resolve("second.img"));
    click(robot, "#start-first");
    await("it is connected", () -> model("first-linux").connection().get() != null);

    robot.interact(
        () ->
            new DiskCommands(desktop.model().ui(), model("first-linux"))
                .attach(List.of(first, second)));

    await(
        "the definition has both",
        () -> model("first-linux").definition().orElseThrow().devices().disks().size() == 2);
    assertEquals(
        List.of("disk0", "disk1"),
        model("first-linux").definition().orElseThrow().devices().disks().stream()
            .map(DiskConfig::id)
            .toList());
    assertEquals(List.of(), desktop.model().ui().errors().shown());
  }

  @Test
  void cloneIsNamedAndListed(FxRobot robot) throws Exception {
    machines.create(NewMachines.firstLinux("web"));
    await("it is listed", () -> desktop.model().machines().find("web").isPresent());

    robot.interact(
        () ->
            new MachineActions(desktop.model().ui(), desktop.model().machines(), () -> {})
                .run(MachineAction.CLONE, List.of(model("web"))));
    type(robot, "#clone-name", "web");
    assertTrue(robot.lookup("#dialog-confirm").query().isDisabled(), "the name is taken");
    type(robot, "#clone-name", "shop");
    click(robot, "#dialog-confirm");

    await("the clone is listed", () -> state("shop") == State.STOPPED);
    await("nothing is under way", () -> model("web").activity().get() == null);
    assertEquals(List.of(), desktop.model().ui().errors().shown());
  }

  @Test
  void machineBecomesATemplateAndAnotherIsMadeOfIt(FxRobot robot) throws Exception {
    machines.create(NewMachines.firstLinux("web"));
    await("it is listed", () -> desktop.model().machines().find("web").isPresent());
    DiskCommands disks = new DiskCommands(desktop.model().ui(), model("web"));
    robot.interact(() -> disks.create(Path.of("data.qcow2"), 1 << 20));
    await(
        "it has a disk",
        () -> model("web").definition().orElseThrow().devices().disks().size() == 1);
    Files.writeString(
        machines.folder("web").resolve("vm.json"),
        DefinitionJson.write(model("web").definition().orElseThrow()));
    robot.interact(() -> desktop.model().show(model("web"), MachinePage.Part.OVERVIEW));

    click(robot, "#more");
    robot.clickOn("#menu-TEMPLATE");
    click(robot, "#dialog-confirm");
    await("the images are shown", () -> robot.lookup("#make-of-web").tryQuery().isPresent());
    assertFalse(Files.exists(machines.folder("web")));
    machines.delete("web");
    click(robot, "#make-of-web");
    type(robot, "#clone-name", "shop");
    click(robot, "#dialog-confirm");

    await("the machine is listed", () -> state("shop") == State.STOPPED);
    await("it is shown", () -> desktop.model().selected().contains(model("shop")));
    assertTrue(Files.exists(machines.folder("shop").resolve("disks").resolve("disk0.qcow2")));
    assertEquals(List.of(), desktop.model().ui().errors().shown());
  }

  @Test
  void snapshotIsTakenAndGoneBackTo(FxRobot robot) throws Exception {
    machines.create(NewMachines.firstLinux("web"));
    await("it is listed", () -> desktop.model().machines().find("web").isPresent());
    Files.writeString(machines.folder("web").resolve("vm.json"), "{}");
    DiskCommands disks = new DiskCommands(desktop.model().ui(), model("web"));
    robot.interact(() -> disks.create(Path.of("data.qcow2"), 1 << 20));
    await(
        "it has a disk",
        () -> model("web").definition().orElseThrow().devices().disks().size() == 1);
    robot.interact(() -> desktop.model().show(model("web"), MachinePage.Part.SNAPSHOTS));

    click(robot, "#take-snapshot");
    click(robot, "#dialog-confirm");
    await("it is listed", () -> text(robot, ".row-title").contains("snapshot-1"));
    await("nothing is under way", () -> model("web").activity().get() == null);
    click(robot, "#restore-snapshot-1");
    click(robot, "#dialog-confirm");

    await("it is done", () -> model("web").activity().get() == null);
    assertEquals(List.of(), desktop.model().ui().errors().shown());
  }

  @Test
  void listIsInTheOrderThatWasChosen(FxRobot robot) throws Exception {
    for (String name : List.of("a", "b", "c")) {
      machines.create(NewMachines.firstLinux(name));
    }
    machines.start("c", (_, _) -> {});
    await("one runs", () -> state("c") == State.RUNNING);

    click(robot, "#order");
    click(robot, "#order-STATE");

    ListView<?> list = robot.lookup("#machines").queryListView();
    await(
        "what runs comes first",
        () -> List.copyOf(list.getItems()).equals(List.of(model("c"), model("a"), model("b"))));
    assertEquals(
        Order.STATE, new Settings(own.resolve("desktop.properties")).order().get(), "it is kept");
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
    robot.interact(() -> ((Button) robot.lookup("#forward-add").query()).fire());
    type(robot, "#new-name", "web");
    robot.interact(() -> ((Button) robot.lookup("#create-machine").query()).fire());

    await("it runs", () -> state("web") == State.RUNNING);
    assertEquals(
        new NetBackend.User(
            List.of(PortForward.of(PortForward.Protocol.TCP, "127.0.0.1", 8080, 80))),
        model("web").definition().orElseThrow().devices().networks().getFirst().backend());
  }

  @Test
  void faultsOfTheGuestStandInTheLog(FxRobot robot) throws Exception {
    click(robot, "#start-first");
    await("it is connected", () -> model("first-linux").status().get() != null);

    machines.process("first-linux").tell(new Notification.Logged(0, "The disk is full.", true));

    await(
        "the log has it",
        () ->
            model("first-linux").log().stream()
                .anyMatch(l -> l.text().equals("The disk is full.")));
  }

  @Test
  void everyPageIsShownInBothThemesAndLanguages(FxRobot robot) throws Exception {
    click(robot, "#start-first");
    await("it is connected", () -> model("first-linux").status().get() != null);
    for (Texts.Language language : Texts.Language.values()) {
      robot.interact(() -> desktop.settings().language().set(language));
      await("the list is there", () -> desktop.model().machines().find("first-linux").isPresent());
      for (ThemeChoice theme : List.of(ThemeChoice.LIGHT, ThemeChoice.DARK)) {
        robot.interact(() -> desktop.settings().theme().set(theme));
        for (MachinePage.Part part : MachinePage.Part.values()) {
          robot.interact(() -> desktop.model().show(model("first-linux"), part));
        }
        robot.interact(() -> desktop.model().page().set(DeskModel.Page.IMAGES));
        robot.interact(() -> desktop.model().page().set(DeskModel.Page.NEW_MACHINE));
      }
    }
    assertTrue(Theme.isDark());
    assertTrue(text(robot, ".title-3").contains("新增機器"));
    assertEquals(List.of(), desktop.model().ui().errors().shown());
  }

  // --- what a person sees and does ---------------------------------------------------------------

  private MachineModel model(String name) {
    return desktop.model().machines().find(name).orElseThrow();
  }

  private @Nullable State state(String name) {
    return desktop.model().machines().find(name).map(m -> m.state().get()).orElse(null);
  }

  private String console(String name) {
    return desktop.view().pageOf(model(name)).map(page -> page.console().text()).orElse("");
  }

  private static boolean terminalIsFocused(FxRobot robot) {
    return robot.lookup("#terminal").queryAll().stream().anyMatch(node -> node.isFocusWithin());
  }

  private static String text(FxRobot robot, String query) {
    StringBuilder text = new StringBuilder();
    robot.lookup(query).queryAllAs(Labeled.class).stream()
        .filter(Labeled::isVisible)
        .forEach(label -> text.append(label.getText()).append('\n'));
    return text.toString();
  }

  private static void fire(FxRobot robot, String query) {
    robot.interact(() -> ((ButtonBase) robot.lookup(query).query()).fire());
  }

  private static void type(FxRobot robot, String query, String words) {
    robot.interact(() -> ((TextField) robot.lookup(query).query()).setText(words));
  }

  private static void click(FxRobot robot, String query) throws Exception {
    await(query + " is there", () -> robot.lookup(query).tryQuery().isPresent());
    WaitForAsyncUtils.waitForFxEvents();
    robot.clickOn(query);
  }

  private static void await(String what, Callable<Boolean> condition) throws Exception {
    await(what, condition, () -> "");
  }

  private static void await(String what, Callable<Boolean> condition, Supplier<String> instead)
      throws Exception {
    try {
      WaitForAsyncUtils.waitFor(
          PATIENCE_SECONDS,
          TimeUnit.SECONDS,
          () -> WaitForAsyncUtils.waitForAsyncFx(10_000, condition));
    } catch (TimeoutException e) {
      throw new AssertionError("Waited in vain until " + what + ": " + instead.get(), e);
    }
  }

  private static void assertResponsive() throws InterruptedException {
    CountDownLatch answered = new CountDownLatch(1);
    Platform.runLater(answered::countDown);
    assertTrue(answered.await(PATIENCE_SECONDS, TimeUnit.SECONDS), "the window answers");
  }
}
