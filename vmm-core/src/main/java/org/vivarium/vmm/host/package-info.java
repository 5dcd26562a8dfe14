/**
 * What both engines need of the host that is neither a device nor a file of the user's.
 *
 * <p>Membership rule: used by more than one engine, knows none of them. Any thread may call
 * anything.
 */
package org.vivarium.vmm.host;
