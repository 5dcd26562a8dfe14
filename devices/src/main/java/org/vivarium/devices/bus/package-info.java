/**
 * What a device and the machine know of each other: address ranges, accesses and interrupts.
 *
 * <p>Membership rule: contracts between a device model and whatever carries it, and the bus that
 * finds a device by address. Threads: accesses arrive on virtual processors' threads, several at
 * once; a device guards its own state and blocks on nothing.
 */
package org.vivarium.devices.bus;
