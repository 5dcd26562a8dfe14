/**
 * Charts of what machines do, drawn on canvases once a second and when the mouse asks.
 *
 * <p>Membership rule: draws {@link org.vivarium.app.desktop.machines.Point}s and knows no machine.
 * All of it belongs to the JavaFX thread.
 */
@NullMarked
package org.vivarium.app.desktop.chart;

import org.jspecify.annotations.NullMarked;
