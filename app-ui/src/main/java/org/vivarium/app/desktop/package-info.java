/**
 * The desktop: one window over the machines of one person, which are reached through {@link
 * org.vivarium.vmm.client} alone.
 *
 * <p>Membership rule: where the desktop starts and what it is put together from; everything that is
 * shown lives in a package below. Models and views belong to the JavaFX thread.
 */
@NullMarked
package org.vivarium.app.desktop;

import org.jspecify.annotations.NullMarked;
