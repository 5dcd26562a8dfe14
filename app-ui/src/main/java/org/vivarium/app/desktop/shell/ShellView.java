package org.vivarium.app.desktop.shell;

import java.io.File;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javafx.application.Platform;
import javafx.collections.ListChangeListener;
import javafx.css.PseudoClass;
import javafx.geometry.Insets;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.input.DragEvent;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCodeCombination;
import javafx.scene.input.KeyCombination;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.TransferMode;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import javafx.util.Subscription;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.compare.CompareView;
import org.vivarium.app.desktop.create.NewMachineView;
import org.vivarium.app.desktop.images.ImagesView;
import org.vivarium.app.desktop.machines.DiskCommands;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.page.MachineAction;
import org.vivarium.app.desktop.page.MachineActions;
import org.vivarium.app.desktop.page.MachinePage;

/** The whole window: header, list, page, host bar, and what lies over them. */
public final class ShellView extends StackPane implements AutoCloseable {
  private static final KeyCombination NEW =
      new KeyCodeCombination(KeyCode.N, KeyCombination.CONTROL_DOWN, KeyCombination.SHIFT_DOWN);
  private static final KeyCombination SEARCH =
      new KeyCodeCombination(KeyCode.L, KeyCombination.CONTROL_DOWN, KeyCombination.SHIFT_DOWN);

  private static final PseudoClass DROPPING = PseudoClass.getPseudoClass("dropping");

  private final DeskModel desk;
  private final Ui ui;
  private final MachineActions actions;
  private final HeaderView header;
  private final StackPane page = new StackPane();
  private final Map<MachineModel, MachinePage> pages = new HashMap<>();
  private final ImagesView images;
  private final CompareView compare;
  private final Subscription subscription;
  private final ListChangeListener<MachineModel> follower = _ -> show();

  /**
   * Makes the window's content.
   *
   * @param home the folder that holds {@code images/}
   */
  public ShellView(DeskModel desk, Path home) {
    this.desk = desk;
    this.ui = desk.ui();
    this.actions =
        new MachineActions(ui, desk.machines(), () -> desk.page().set(DeskModel.Page.IMAGES));
    this.header = new HeaderView(desk);
    this.images =
        new ImagesView(
            ui, desk.machines(), home, machine -> desk.show(machine, MachinePage.Part.OVERVIEW));
    this.compare = new CompareView(ui, desk.compare());
    getStyleClass().add("shell");
    VBox right = new VBox(new BannerView(desk), page);
    VBox.setVgrow(page, Priority.ALWAYS);
    page.setMinSize(0, 0);
    BorderPane frame = new BorderPane(right);
    frame.setTop(header);
    frame.setLeft(new SidebarView(desk, actions, header.search().textProperty()));
    frame.setBottom(new HostBarView(desk));
    ProblemsView problems = new ProblemsView(ui);
    StackPane.setAlignment(problems, Pos.BOTTOM_RIGHT);
    StackPane.setMargin(problems, new Insets(16, 16, 48, 16));
    getChildren().addAll(frame, problems, ui.dialogs().node());
    desk.selected().addListener(follower);
    desk.machines().list().addListener(follower);
    subscription =
        Subscription.combine(
            desk.page().subscribe(_ -> show()), desk.machines().loaded().subscribe(_ -> show()));
    addEventFilter(KeyEvent.KEY_PRESSED, this::key);
    setOnDragOver(this::over);
    setOnDragDropped(this::dropped);
    setOnDragExited(_ -> page.pseudoClassStateChanged(DROPPING, false));
    page.getStyleClass().add("page-place");
  }

  private void show() {
    pages
        .entrySet()
        .removeIf(
            entry -> {
              boolean gone = !desk.machines().list().contains(entry.getKey());
              if (gone) {
                entry.getValue().close();
              }
              return gone;
            });
    desk.selected().removeIf(machine -> !desk.machines().list().contains(machine));
    Node now =
        switch (desk.page().get()) {
          case NEW_MACHINE -> newMachine();
          case COMPARE -> compare;
          case IMAGES -> images;
          case MACHINES -> machines();
        };
    if (page.getChildren().isEmpty() || !page.getChildren().getFirst().equals(now)) {
      page.getChildren().setAll(now);
      if (now instanceof WelcomeView welcome) {
        welcome.takeKeyboard();
      }
    }
  }

  private Node newMachine() {
    Node shown = page.getChildren().isEmpty() ? null : page.getChildren().getFirst();
    if (shown instanceof NewMachineView) {
      return shown;
    }
    return new NewMachineView(
        ui, desk.machines(), desk::create, () -> desk.page().set(DeskModel.Page.MACHINES));
  }

  private Node machines() {
    List<MachineModel> selected = desk.selected();
    if (selected.size() > 1) {
      return new SeveralView(ui, actions, List.copyOf(selected));
    }
    if (selected.size() == 1) {
      return pages.computeIfAbsent(
          selected.getFirst(), machine -> new MachinePage(ui, machine, actions, desk.part()));
    }
    if (!desk.machines().loaded().get()) {
      return new StackPane();
    }
    if (!desk.machines().list().isEmpty()) {
      // After the list's own change is done, the first machine is taken.
      Platform.runLater(
          () -> {
            if (desk.selected().isEmpty() && !desk.machines().list().isEmpty()) {
              desk.selected().setAll(List.of(desk.machines().list().getFirst()));
            }
          });
      return new StackPane();
    }
    return new WelcomeView(desk);
  }

  private void key(KeyEvent event) {
    if (NEW.match(event)) {
      desk.page().set(DeskModel.Page.NEW_MACHINE);
      event.consume();
    } else if (SEARCH.match(event)) {
      header.search().requestFocus();
      event.consume();
    } else if (desk.page().get() == DeskModel.Page.MACHINES) {
      for (MachineAction action : MachineAction.values()) {
        boolean fits =
            desk.selected().stream().anyMatch(machine -> action.fits(machine.state().get()));
        if (fits && action.keys().match(event)) {
          actions.run(action, List.copyOf(desk.selected()));
          event.consume();
          return;
        }
      }
    }
  }

  private void over(DragEvent event) {
    if (event.getDragboard().hasFiles()
        && desk.page().get() == DeskModel.Page.MACHINES
        && desk.selected().size() == 1) {
      page.pseudoClassStateChanged(DROPPING, true);
      event.acceptTransferModes(TransferMode.LINK, TransferMode.COPY);
      event.consume();
    }
  }

  /** A file that is dropped anywhere on a machine's page becomes one of its disks. */
  private void dropped(DragEvent event) {
    if (desk.selected().size() == 1) {
      MachineModel machine = desk.selected().getFirst();
      DiskCommands commands = new DiskCommands(ui, machine);
      commands.attach(event.getDragboard().getFiles().stream().map(File::toPath).toList());
      desk.part().set(MachinePage.Part.DISKS);
      event.setDropCompleted(true);
      event.consume();
    }
  }

  /** The page of a machine, if it has been shown. */
  public Optional<MachinePage> pageOf(MachineModel machine) {
    return Optional.ofNullable(pages.get(machine));
  }

  /** Lets go of all pages. */
  @Override
  public void close() {
    subscription.unsubscribe();
    compare.close();
    desk.selected().removeListener(follower);
    desk.machines().list().removeListener(follower);
    pages.values().forEach(MachinePage::close);
    pages.clear();
  }
}
