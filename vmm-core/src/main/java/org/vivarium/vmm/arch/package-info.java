/**
 * What the guest's x86 hardware looks like: addresses, ports, interrupt numbers.
 *
 * <p>Membership rule: facts about the emulated computer that boot code, ACPI tables and devices
 * must agree on. Immutable; any thread.
 */
package org.vivarium.vmm.arch;
