package org.vivarium.app.desktop.base;

import java.util.ArrayList;
import java.util.List;
import javafx.scene.layout.Pane;
import javafx.scene.layout.Region;

/** A bar of parts of a whole, side by side. */
public final class MeterBar extends Pane {
  private static final double HEIGHT = 8;

  private final List<Region> parts = new ArrayList<>();
  private double[] shares;

  /** Makes an empty bar; each part has the colour of its style class. */
  public MeterBar(String... styles) {
    getStyleClass().add("meter");
    shares = new double[styles.length];
    for (String style : styles) {
      Region part = new Region();
      part.getStyleClass().addAll("meter-part", style);
      parts.add(part);
      getChildren().add(part);
    }
    setMinHeight(HEIGHT);
    setPrefHeight(HEIGHT);
    setMaxHeight(HEIGHT);
  }

  /** Shows parts that each are a share of the whole, 0 to 1. */
  public void show(double... parts) {
    shares = parts.clone();
    requestLayout();
  }

  @Override
  protected void layoutChildren() {
    double x = 0;
    for (int i = 0; i < parts.size(); i++) {
      double width = Math.clamp(shares[i], 0, 1) * getWidth();
      parts.get(i).resizeRelocate(x, 0, Math.min(width, getWidth() - x), HEIGHT);
      x += width;
    }
  }
}
