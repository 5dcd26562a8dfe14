/**
 * The pages of a machine: overview, graphs, console, disks, network, settings, log; and what can be
 * done with it.
 *
 * <p>Membership rule: shows {@link org.vivarium.app.desktop.machines.MachineModel}s. All of it
 * belongs to the JavaFX thread.
 */
@NullMarked
package org.vivarium.app.desktop.page;

import org.jspecify.annotations.NullMarked;
