package org.vivarium.app.desktop.machines;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import javafx.beans.property.ReadOnlyLongProperty;
import javafx.beans.property.ReadOnlyLongWrapper;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.client.MetricSample;

/** The last 15 minutes of a machine, a point a second. */
public final class History {
  /** How many seconds are kept. */
  public static final int SECONDS = 15 * 60;

  /** More than is kept, so that old points are cut off in one go now and then. */
  private static final int ROOM = SECONDS + 120;

  private final List<Point> points = new ArrayList<>();
  private final List<Point> view = Collections.unmodifiableList(points);
  private final ReadOnlyLongWrapper revision = new ReadOnlyLongWrapper();
  private @Nullable MetricSample last;

  /** The points, oldest first. */
  public List<Point> points() {
    return view;
  }

  /** The newest point. */
  public Optional<Point> latest() {
    return points.isEmpty() ? Optional.empty() : Optional.of(points.getLast());
  }

  /** Grows with every change. */
  public ReadOnlyLongProperty revision() {
    return revision.getReadOnlyProperty();
  }

  /** Takes samples in, in the order of their time; those it knows already are left out. */
  public void add(List<MetricSample> samples) {
    for (MetricSample sample : samples) {
      MetricSample before = last;
      if (before == null) {
        last = sample;
      } else if (sample.millis() > before.millis()) {
        points.add(Point.between(before, sample));
        last = sample;
      }
    }
    if (points.size() > ROOM) {
      points.subList(0, points.size() - SECONDS).clear();
    }
    revision.set(revision.get() + 1);
  }

  /** Forgets everything: the machine starts anew, and so do its counters. */
  void clear() {
    points.clear();
    last = null;
    revision.set(revision.get() + 1);
  }
}
