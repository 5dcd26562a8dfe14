package org.vivarium.app.desktop.chart;

import java.util.function.ToDoubleFunction;
import org.vivarium.app.desktop.machines.Point;

/**
 * A quantity in a chart.
 *
 * @param label what it is called
 * @param style the style class that gives it its colour, the same on every page
 * @param value its value in a point; NaN where it is not known
 */
public record Series(String label, String style, ToDoubleFunction<Point> value) {}
