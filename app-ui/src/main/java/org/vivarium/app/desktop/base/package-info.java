/**
 * What every page of the desktop is built on: the bridge onto the JavaFX thread, work off it,
 * errors as sentences, texts in the chosen language, settings, units, small controls.
 *
 * <p>Membership rule: nothing here knows a virtual machine. All of it belongs to the JavaFX thread
 * unless a method says otherwise.
 */
@NullMarked
package org.vivarium.app.desktop.base;

import org.jspecify.annotations.NullMarked;
