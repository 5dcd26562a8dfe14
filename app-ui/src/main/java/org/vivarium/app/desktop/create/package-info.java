/**
 * The page on which a new machine is made.
 *
 * <p>Membership rule: ends with a {@link org.vivarium.vmm.definition.VmDefinition}. All of it
 * belongs to the JavaFX thread.
 */
@NullMarked
package org.vivarium.app.desktop.create;

import org.jspecify.annotations.NullMarked;
