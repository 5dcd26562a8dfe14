package org.vivarium.app.desktop.compare;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import javafx.beans.property.ReadOnlyIntegerProperty;
import javafx.beans.property.ReadOnlyIntegerWrapper;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.desktop.base.Background;
import org.vivarium.app.desktop.base.FxThread;
import org.vivarium.app.lab.Listener;
import org.vivarium.app.lab.Plan;
import org.vivarium.app.lab.Report;
import org.vivarium.app.lab.Report.Row;
import org.vivarium.app.lab.Report.Series;
import org.vivarium.app.lab.Side;

/**
 * The one comparison of a window: what runs, what has come in, what was found. It outlives the
 * pages that show it. Belongs to the JavaFX thread.
 */
public final class CompareModel {
  private final Background background;
  private final Lab lab;
  private final ReadOnlyIntegerWrapper revision = new ReadOnlyIntegerWrapper();
  private final Map<String, Row> rows = new LinkedHashMap<>();
  private final Map<String, Map<Side, List<Double>>> values = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();
  private Lab.@Nullable Offer offer;
  private @Nullable Run run;
  private @Nullable Report report;
  private @Nullable Throwable failure;
  private String step = "";
  private boolean cancelled;

  /** Makes the model of a window. */
  public CompareModel(Background background, Lab lab) {
    this.background = background;
    this.lab = lab;
  }

  /** A number that changes with everything else here. */
  public ReadOnlyIntegerProperty revision() {
    return revision.getReadOnlyProperty();
  }

  /** What this computer offers, once that is known. */
  public Optional<Lab.Offer> offer() {
    return Optional.ofNullable(offer);
  }

  /** Looks what this computer offers. */
  public void look() {
    background.call(
        lab::offer,
        found -> {
          offer = found;
          changed();
        },
        thrown -> {
          failure = thrown;
          changed();
        });
  }

  /** Whether a comparison is under way. */
  public boolean isRunning() {
    return run != null;
  }

  /** Whether the last comparison was ended early, or is about to end. */
  public boolean isCancelled() {
    return cancelled;
  }

  /** What is being done, a sentence; may be empty. */
  public String step() {
    return step;
  }

  /** What could not be measured, sentences. */
  public List<String> notes() {
    return report == null ? List.copyOf(notes) : report.notes();
  }

  /** What was found, once a comparison has ended. */
  public Optional<Report> report() {
    return Optional.ofNullable(report);
  }

  /** Why there is no report. */
  public Optional<Throwable> failure() {
    return Optional.ofNullable(failure);
  }

  /** The quantities that have values. */
  public List<Row> rows() {
    return report == null ? List.copyOf(rows.values()) : report.rows();
  }

  /** The values of a quantity, in the order of the sides. */
  public List<Series> series(Row row) {
    if (report != null) {
      return report.series(row.id());
    }
    List<Series> series = new ArrayList<>();
    values
        .getOrDefault(row.id(), Map.of())
        .forEach(
            (side, some) ->
                series.add(new Series(row.id(), side, some, isComparable(row, side), "", "")));
    return series;
  }

  /** The median of a quantity on a side, with its unit; marked where it cannot be compared. */
  public Optional<String> figure(String id, Side side) {
    return rows().stream()
        .filter(row -> row.id().equals(id))
        .findFirst()
        .flatMap(
            row ->
                series(row).stream()
                    .filter(series -> series.side() == side)
                    .findFirst()
                    .map(
                        series ->
                            Report.figure(series.samples().median(), row.unit())
                                + (series.comparable() ? "" : " *")));
  }

  private boolean isComparable(Row row, Side side) {
    return row.measure().isApartFromEngine()
        || !side.isMachine()
        || offer == null
        || offer.hardware();
  }

  /** Begins a comparison, unless one is under way. */
  public void begin(Plan plan) {
    if (run != null) {
      return;
    }
    rows.clear();
    values.clear();
    notes.clear();
    report = null;
    failure = null;
    step = "";
    cancelled = false;
    Run now = new Run();
    run = now;
    background.call(() -> lab.compare(plan, now, now::ending), now::ended, now::failed);
    changed();
  }

  /** Ends the comparison early; what was measured stays. */
  public void cancel() {
    if (run != null && !cancelled) {
      cancelled = true;
      run.cancel();
      changed();
    }
  }

  private void changed() {
    revision.set(revision.get() + 1);
  }

  /** A comparison that is under way; hears its lab on the lab's thread. */
  private final class Run implements Listener {
    private static final Runnable NOTHING = () -> {};
    private static final Runnable CANCELLED = () -> {};

    private final AtomicReference<Runnable> end = new AtomicReference<>(NOTHING);

    /** Takes what ends the run from now on; runs it if that was wanted before. Lab's thread. */
    void ending(Runnable next) {
      Runnable before = end.getAndUpdate(now -> now.equals(CANCELLED) ? now : next);
      if (before.equals(CANCELLED)) {
        next.run();
      }
    }

    void cancel() {
      Runnable last = end.getAndSet(CANCELLED);
      background.run(last::run, () -> {}, this::failed);
    }

    @Override
    public void began(String sentence) {
      onFx(() -> step = sentence);
    }

    @Override
    public void measured(Row row, Side side, double value) {
      onFx(
          () -> {
            rows.putIfAbsent(row.id(), row);
            values
                .computeIfAbsent(row.id(), _ -> new EnumMap<>(Side.class))
                .computeIfAbsent(side, _ -> new ArrayList<>())
                .add(value);
          });
    }

    @Override
    public void noted(String sentence) {
      onFx(() -> notes.add(sentence));
    }

    private void onFx(Runnable change) {
      FxThread.run(
          () -> {
            if (this.equals(run)) {
              change.run();
              changed();
            }
          });
    }

    void ended(Report found) {
      onFx(
          () -> {
            report = found;
            run = null;
          });
    }

    /** What a cancel breaks off is no fault. */
    void failed(Throwable thrown) {
      onFx(
          () -> {
            failure = cancelled ? null : thrown;
            run = null;
          });
    }
  }
}
