/**
 * ACPI tables that describe the machine to the guest, and the writer of the AML in them.
 *
 * <p>Membership rule: bytes made from a description of the machine (ACPI 6.4); no device model,
 * which is in {@code devices}. Immutable results; any thread.
 */
package org.vivarium.vmm.acpi;
