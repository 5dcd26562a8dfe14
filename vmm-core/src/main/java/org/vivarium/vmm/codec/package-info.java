/**
 * How this module's data is said in JSON: definitions, and what goes over a control socket.
 *
 * <p>Membership rule: codecs and what they share; nothing here opens a file or a socket. What is
 * read comes from people and from other processes, and is checked field by field. Stateless; any
 * thread.
 */
@NullMarked
package org.vivarium.vmm.codec;

import org.jspecify.annotations.NullMarked;
