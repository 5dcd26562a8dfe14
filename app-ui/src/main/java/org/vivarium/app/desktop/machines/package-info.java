/**
 * The machines as the window knows them: observable models over {@link org.vivarium.vmm.client}.
 *
 * <p>Membership rule: no node, no scene. Every model belongs to the JavaFX thread; what blocks is
 * done on virtual threads, and what machines tell is gathered and taken in once a frame.
 */
@NullMarked
package org.vivarium.app.desktop.machines;

import org.jspecify.annotations.NullMarked;
