/**
 * Virtual processors: what they look like to the guest, their first state, the loop that runs them.
 *
 * <p>Membership rule: anything that a processor's own thread does. A processor knows two buses and
 * nothing of the devices on them.
 */
package org.vivarium.vmm.cpu;
