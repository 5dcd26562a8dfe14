package org.vivarium.app.desktop.machines;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vivarium.app.desktop.base.FxThread;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineStatus;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.client.MetricSample;
import org.vivarium.vmm.client.Notification;

/**
 * What a running machine tells: keeps the connection to its process, and takes in what comes over
 * it once a frame, however much that is.
 */
final class MachineFeed {
  private static final Logger LOG = LoggerFactory.getLogger(MachineFeed.class);
  private static final int MOST_LINES = 2000;

  /** What has come in, with the connection it came over. */
  private record Arrival(MachineConnection from, Notification what) {}

  private final Ui ui;
  private final Machines machines;
  private final String name;
  private final History history = new History();
  private final ObservableList<LogLine> log = FXCollections.observableArrayList();
  private final ReadOnlyObjectWrapper<@Nullable MachineConnection> connection =
      new ReadOnlyObjectWrapper<>(null);
  private final ReadOnlyObjectWrapper<@Nullable MachineStatus> status =
      new ReadOnlyObjectWrapper<>(null);
  private final ConcurrentLinkedQueue<Arrival> arrivals = new ConcurrentLinkedQueue<>();
  private final Runnable drainSoon = FxThread.coalesced(this::drain);
  private boolean connecting;
  private boolean closed;

  MachineFeed(Ui ui, Machines machines, String name) {
    this.ui = ui;
    this.machines = machines;
    this.name = name;
  }

  History history() {
    return history;
  }

  ObservableList<LogLine> log() {
    return log;
  }

  ReadOnlyObjectProperty<@Nullable MachineConnection> connection() {
    return connection.getReadOnlyProperty();
  }

  ReadOnlyObjectProperty<@Nullable MachineStatus> status() {
    return status.getReadOnlyProperty();
  }

  /** Attaches to the process, if that is not done or under way. */
  void connect() {
    if (connecting || closed || connection.get() != null) {
      return;
    }
    connecting = true;
    ui.background()
        .call(
            () -> machines.connect(name),
            this::attached,
            thrown -> {
              connecting = false;
              // The machine may just have ended; the list tells then.
              LOG.debug("Cannot attach to {}", name, thrown);
            });
  }

  /** A start is under way: what the last run left is put away. */
  void expectStart() {
    connecting = true;
    history.clear();
    status.set(null);
  }

  /** No start is under way any more. */
  void startGivenUp() {
    connecting = false;
  }

  /** Takes over a connection. */
  void attached(MachineConnection made) {
    connecting = false;
    if (closed || connection.get() != null) {
      made.close();
      return;
    }
    connection.set(made);
    ui.background()
        .call(
            () -> {
              MachineStatus now = made.status();
              List<MetricSample> samples = made.samples(0);
              made.subscribe(
                  what -> {
                    arrivals.add(new Arrival(made, what));
                    drainSoon.run();
                  });
              return new First(now, samples);
            },
            first -> {
              readEvents();
              status.set(first.status());
              history.add(first.samples());
            },
            thrown -> lost(made, ui.errors().sentence(thrown), false));
  }

  /** Takes in what the machine's process wrote of itself, before this window was there too. */
  void readEvents() {
    ui.background()
        .call(
            () -> EventsFile.read(machines.folder(name)),
            file -> {
              List<LogLine> merged = EventsFile.merged(file, log);
              if (!merged.equals(log)) {
                log.setAll(merged.subList(Math.max(0, merged.size() - MOST_LINES), merged.size()));
              }
            },
            ui.errors()::report);
  }

  private record First(MachineStatus status, List<MetricSample> samples) {}

  /** Asks the machine anew how it is. */
  void refresh() {
    MachineConnection current = connection.get();
    if (current != null) {
      ui.background()
          .call(
              current::status,
              now -> {
                if (current.equals(connection.get())) {
                  status.set(now);
                }
              },
              thrown -> LOG.debug("{} does not tell how it is", name, thrown));
    }
  }

  private void drain() {
    List<MetricSample> samples = new ArrayList<>();
    boolean changed = false;
    Arrival arrival;
    while ((arrival = arrivals.poll()) != null) {
      switch (arrival.what()) {
        case Notification.Sampled(MetricSample sample) -> samples.add(sample);
        case Notification.StateChanged _, Notification.StageReached _ -> changed = true;
        case Notification.Logged(long millis, String text, boolean trouble) ->
            add(new LogLine(millis, text, trouble));
        case Notification.Disconnected(String why, boolean asked) ->
            lost(arrival.from(), why, asked);
      }
    }
    if (!samples.isEmpty()) {
      history.add(samples);
    }
    if (changed) {
      refresh();
    }
  }

  private void lost(MachineConnection which, String why, boolean asked) {
    note(why, !asked);
    which.close();
    if (which.equals(connection.get())) {
      connection.set(null);
      MachineStatus last = status.get();
      // Set anew in any case, so that whoever watches hears that the machine has gone.
      status.set(null);
      readEvents();
      if (last != null && !asked) {
        LOG.debug("{} has gone, its last state being {}", name, last.state());
      }
    }
  }

  /** Adds a line of the window's own to the log. */
  void note(String sentence, boolean trouble) {
    add(new LogLine(System.currentTimeMillis(), sentence, trouble));
  }

  private void add(LogLine line) {
    if (log.size() >= MOST_LINES) {
      log.remove(0, MOST_LINES / 10);
    }
    log.add(line);
  }

  void close() {
    closed = true;
    MachineConnection current = connection.get();
    if (current != null) {
      connection.set(null);
      current.close();
    }
  }
}
