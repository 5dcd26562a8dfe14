/**
 * The process of one machine: it builds the machine, runs it to its end and serves its control
 * socket and its consoles to whoever attaches.
 *
 * <p>Membership rule: what runs in that process, and what starts it. What clients do to it, however
 * badly, the machine does not notice: every queue and buffer here is bounded, and a client that
 * does not keep up is dropped. Threads: one accepts on each socket, two serve each client, one
 * samples; none of them is near a virtual processor.
 */
@NullMarked
package org.vivarium.vmm.process;

import org.jspecify.annotations.NullMarked;
