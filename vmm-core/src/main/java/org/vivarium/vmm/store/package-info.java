/**
 * What lies in a machine's folder: its definition, its lock, what its process says of itself.
 *
 * <p>Membership rule: files of one machine, read and written so that a crash at any moment leaves
 * them whole; no sockets, no threads. Shared by VM processes and by those who start them.
 */
@NullMarked
package org.vivarium.vmm.store;

import org.jspecify.annotations.NullMarked;
