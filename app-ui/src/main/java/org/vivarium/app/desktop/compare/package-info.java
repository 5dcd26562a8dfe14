/**
 * The page that compares a machine with a container.
 *
 * <p>Membership rule: what the page of {@link org.vivarium.app.lab} shows and how it is run from a
 * window; no measuring. The model and the views belong to the JavaFX thread, the lab to a
 * background thread.
 */
@NullMarked
package org.vivarium.app.desktop.compare;

import org.jspecify.annotations.NullMarked;
