/**
 * Conventional PCI as software sees it: configuration space, base address registers, INTx, MSI-X,
 * the bus, the host bridge and the two ways to reach configuration space.
 *
 * <p>Membership rule: what every PCI function has, whatever it does. A device extends {@link
 * org.vivarium.devices.pci.PciDevice} in its own package. Words are those of the PCI Local Bus
 * Specification 3.0 and the PCI Express Base Specification.
 *
 * <p>Threads: accesses arrive on virtual processors' threads, several at once. Each device has one
 * lock, the {@code PciDevice} object itself, held around its configuration space; while it holds
 * it, it may take the lock of a {@link org.vivarium.devices.bus.Bus}, of its {@code MsixTable} and
 * of an interrupt line, never the other way round. Configuration accesses to different devices do
 * not wait for each other.
 */
package org.vivarium.devices.pci;
