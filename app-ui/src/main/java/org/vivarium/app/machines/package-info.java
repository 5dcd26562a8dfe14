/**
 * What is done with whole machines, by the desktop and the command line alike: clones, snapshots,
 * the way in by ssh, deleting with care for what others stand on.
 *
 * <p>Membership rule: knows neither a terminal nor a window. Every method blocks and works on its
 * caller's thread.
 */
@NullMarked
package org.vivarium.app.machines;

import org.jspecify.annotations.NullMarked;
