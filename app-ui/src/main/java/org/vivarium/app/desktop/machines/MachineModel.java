package org.vivarium.app.desktop.machines;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Future;
import javafx.beans.binding.Bindings;
import javafx.beans.binding.BooleanBinding;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.collections.ObservableList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vivarium.app.desktop.base.Errors;
import org.vivarium.app.desktop.base.FxThread;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.machines.Removal;
import org.vivarium.images.Progress;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineStatus;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.MachineSummary.State;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.definition.VmDefinition;

/** One machine: how it is, and what can be asked of it. Belongs to the JavaFX thread. */
public final class MachineModel {
  /** A change of a definition; may first ask it of the running machine. It blocks. */
  @FunctionalInterface
  public interface Edit {
    VmDefinition apply(VmDefinition now) throws Exception;
  }

  /** Long work on a machine that is no start; it blocks, and an interrupt ends it. */
  @FunctionalInterface
  public interface Work {
    void run(Progress progress) throws Exception;
  }

  /** Something to ask of a running machine; it blocks. */
  @FunctionalInterface
  public interface Command {
    void run(MachineConnection connection) throws Exception;
  }

  private static final Logger LOG = LoggerFactory.getLogger(MachineModel.class);
  private static final int SHUTDOWN_PRESSES = 12;
  private static final Duration SHUTDOWN_PAUSE = Duration.ofSeconds(5);

  private final Ui ui;
  private final Machines machines;
  private final Removal removal;
  private final String name;
  private final Object editing = new Object();
  private final MachineFeed feed;
  private final ReadOnlyObjectWrapper<MachineSummary> summary;
  private final ReadOnlyObjectWrapper<State> state = new ReadOnlyObjectWrapper<>(State.STOPPED);
  private final ReadOnlyObjectWrapper<@Nullable Activity> activity =
      new ReadOnlyObjectWrapper<>(null);
  private @Nullable Future<?> work;
  private boolean attachedOnce;
  private boolean starting;

  MachineModel(Ui ui, Removal removal, MachineSummary first) {
    this.ui = ui;
    this.removal = removal;
    this.machines = removal.machines();
    this.name = first.name();
    this.feed = new MachineFeed(ui, machines, name);
    this.summary = new ReadOnlyObjectWrapper<>(first);
    activity.subscribe(this::settleState);
    feed.status().subscribe(this::settleState);
    feed.connection()
        .subscribe(
            connection -> {
              if (connection == null && work != null && activity.get() != null && attachedOnce) {
                ended();
              }
              attachedOnce = connection != null;
              settleState();
            });
    update(first);
    feed.readEvents();
  }

  /** What it is called; never changes. */
  public String name() {
    return name;
  }

  /** How the list of machines shows it. */
  public ReadOnlyObjectProperty<MachineSummary> summary() {
    return summary.getReadOnlyProperty();
  }

  /** Whether it runs. */
  public ReadOnlyObjectProperty<State> state() {
    return state.getReadOnlyProperty();
  }

  /** How it runs, or ran last; null if that is not known. */
  public ReadOnlyObjectProperty<@Nullable MachineStatus> status() {
    return feed.status();
  }

  /** The connection to its process; null while there is none. */
  public ReadOnlyObjectProperty<@Nullable MachineConnection> connection() {
    return feed.connection();
  }

  /** Long work on it that is under way, or null. */
  public ReadOnlyObjectProperty<@Nullable Activity> activity() {
    return activity.getReadOnlyProperty();
  }

  /** Its last 15 minutes. */
  public History history() {
    return feed.history();
  }

  /** What it has told, oldest first. */
  public ObservableList<LogLine> log() {
    return feed.log();
  }

  /** Its definition, if that can be read. */
  public Optional<VmDefinition> definition() {
    return summary.get().definition();
  }

  /** Its folder. */
  public Path folder() {
    return machines.folder(name);
  }

  /** Whether it runs or is about to. */
  public BooleanBinding active() {
    return Bindings.createBooleanBinding(() -> isActive(state.get()), state);
  }

  /** Whether a machine in this state runs or is about to. */
  public static boolean isActive(State state) {
    return state == State.RUNNING || state == State.PAUSED || state == State.STARTING;
  }

  /** Starts it; {@link #activity} tells how far that is. */
  public void start() {
    if (activity.get() != null || isActive(state.get())) {
      return;
    }
    starting = true;
    activity.set(new Activity(ui.text("start.beginning"), -1, true));
    feed.expectStart();
    work =
        ui.background()
            .call(
                () -> machines.start(name, this::step),
                connection -> {
                  ended();
                  feed.attached(connection);
                },
                thrown -> {
                  boolean cancelled = work == null;
                  ended();
                  feed.startGivenUp();
                  if (!cancelled) {
                    feed.note(ui.errors().sentence(thrown), true);
                    ui.errors().report(thrown);
                  }
                });
  }

  private void step(String step, double done) {
    FxThread.run(
        () -> {
          if (work != null) {
            activity.set(new Activity(ui.passedOn(step), done, true));
          }
        });
  }

  /**
   * Does long work on it while it is off; {@link #activity} tells how far that is.
   *
   * @param step what is done, for people
   * @param done runs on the JavaFX thread when it was done and not cancelled
   */
  public void work(String step, Work task, Runnable done) {
    if (activity.get() != null) {
      return;
    }
    activity.set(new Activity(step, -1, true));
    work =
        ui.background()
            .run(
                () ->
                    task.run(
                        (now, part, total) -> step(now, total > 0 ? (double) part / total : -1)),
                () -> {
                  boolean cancelled = work == null;
                  ended();
                  if (!cancelled) {
                    done.run();
                  }
                },
                thrown -> {
                  boolean cancelled = work == null;
                  ended();
                  if (!cancelled) {
                    ui.errors().report(thrown);
                  }
                });
  }

  /**
   * Presses the power button, again now and then, until the guest has turned itself off; says so if
   * it does not within a minute.
   */
  public void shutDown() {
    MachineConnection connection = feed.connection().get();
    if (connection == null || activity.get() != null) {
      return;
    }
    activity.set(new Activity(ui.text("shutdown.waiting"), -1, true));
    work =
        ui.background()
            .call(
                () -> {
                  for (int i = 0; i < SHUTDOWN_PRESSES; i++) {
                    connection.pressPowerButton();
                    Thread.sleep(SHUTDOWN_PAUSE);
                  }
                  return true;
                },
                _ -> {
                  if (connection.equals(feed.connection().get())) {
                    ended();
                    ui.errors().report(new Errors.Problem(ui.text("shutdown.deaf", name), ""));
                  }
                },
                thrown -> {
                  // A machine that has turned itself off no longer takes orders: that is no fault.
                  if (connection.equals(feed.connection().get()) && work != null) {
                    ended();
                    feed.refresh();
                    LOG.debug("{} takes no more orders", name, thrown);
                  }
                });
  }

  /** Turns it off at once. */
  public void forceOff() {
    cancel();
    ask(MachineConnection::kill);
  }

  /** Gives up the long work that is under way. */
  public void cancel() {
    Future<?> current = work;
    if (current != null) {
      work = null;
      current.cancel(true);
      activity.set(null);
      if (starting && feed.connection().get() == null) {
        starting = false;
        feed.startGivenUp();
        feed.note(ui.text("start.cancelled"), false);
      }
    }
  }

  private void ended() {
    work = null;
    starting = false;
    activity.set(null);
  }

  /** Asks something of the running machine; a refusal is shown. */
  public void ask(Command command) {
    ask(command, () -> {});
  }

  /** As {@link #ask(Command)}; {@code done} runs on the JavaFX thread when it was done. */
  public void ask(Command command, Runnable done) {
    MachineConnection connection = feed.connection().get();
    if (connection == null) {
      ui.errors().report(new VmmException(ui.text("error.notRunning", name)));
      return;
    }
    ui.background()
        .run(
            () -> command.run(connection),
            () -> {
              feed.refresh();
              done.run();
            },
            ui.errors()::report);
  }

  /** Changes its definition as it then is, one change after the other; a refusal is shown. */
  public void edit(Edit change, Runnable done) {
    ui.background()
        .run(
            () -> {
              synchronized (editing) {
                MachineSummary now = machines.find(name);
                VmDefinition old =
                    now.definition().orElseThrow(() -> new VmmException(now.problem().orElse("")));
                machines.update(change.apply(old));
              }
            },
            () -> {
              feed.refresh();
              done.run();
            },
            ui.errors()::report);
  }

  /** Deletes it with its folder. */
  public void delete() {
    ui.background().run(() -> removal.delete(name), () -> {}, ui.errors()::report);
  }

  /** Takes a new line of the list in. */
  void update(MachineSummary now) {
    summary.set(now);
    if (isActive(now.state()) && work == null) {
      feed.connect();
    }
    settleState();
  }

  /** What the machine itself tells is newer than what the list tells. */
  private void settleState() {
    State listed = summary.get().state();
    MachineStatus status = feed.status().get();
    if (starting && activity.get() != null && feed.connection().get() == null) {
      state.set(State.STARTING);
    } else if (status != null && feed.connection().get() != null) {
      state.set(
          switch (status.state()) {
            case CREATED -> State.STARTING;
            case RUNNING -> State.RUNNING;
            case PAUSED -> State.PAUSED;
            case STOPPED -> State.STOPPED;
            case FAILED -> State.FAILED;
          });
    } else {
      state.set(listed);
    }
  }

  /** Lets go of the machine, which goes on. */
  void close() {
    feed.close();
  }
}
