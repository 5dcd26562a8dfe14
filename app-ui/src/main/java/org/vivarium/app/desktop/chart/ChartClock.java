package org.vivarium.app.desktop.chart;

import javafx.beans.property.DoubleProperty;
import javafx.beans.property.IntegerProperty;
import javafx.beans.property.LongProperty;
import javafx.beans.property.SimpleDoubleProperty;
import javafx.beans.property.SimpleIntegerProperty;
import javafx.beans.property.SimpleLongProperty;

/** The stretch of time that several charts show together. */
public final class ChartClock {
  private final IntegerProperty minutes = new SimpleIntegerProperty(1);
  private final LongProperty pausedAt = new SimpleLongProperty(0);
  private final DoubleProperty hover = new SimpleDoubleProperty(-1);

  /** How many minutes the charts show. */
  public IntegerProperty minutes() {
    return minutes;
  }

  /** The last millisecond shown while the charts stand still; 0 while they move. */
  public LongProperty pausedAt() {
    return pausedAt;
  }

  /** Where the mouse is, from 0 at the left edge to 1 at the right; negative if nowhere. */
  public DoubleProperty hover() {
    return hover;
  }

  /** The milliseconds that the charts span. */
  long span() {
    return minutes.get() * 60_000L;
  }
}
