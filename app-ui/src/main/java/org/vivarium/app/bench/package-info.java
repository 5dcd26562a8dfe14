/**
 * The measurements of {@code vivarium bench}: a boot of ours beside the same boot by QEMU's
 * microvm, and an exit of ours beside one in C.
 *
 * <p>Membership rule: starting what is measured, reading what it says of itself, and telling the
 * result. All runs on the main thread, but for threads that read the output of processes. Every
 * process started here is ended by {@link org.vivarium.app.bench.Children}.
 */
@NullMarked
package org.vivarium.app.bench;

import org.jspecify.annotations.NullMarked;
