/**
 * The owner's ssh key, and how a guest is reached with it. Writes the key's files once; safe for
 * any thread and several processes.
 */
@NullMarked
package org.vivarium.images.ssh;

import org.jspecify.annotations.NullMarked;
