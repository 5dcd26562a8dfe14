/**
 * A machine's disks as the host has them: opening, format, locks, holes.
 *
 * <p>Membership rule: what joins {@code org.vivarium.images} to the host's system calls and to the
 * machine's configuration; nothing here knows a device or an engine. Any thread may call anything.
 */
package org.vivarium.vmm.disk;
