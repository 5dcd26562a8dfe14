/**
 * The devices of a PC that are not on PCI: serial port, keyboard controller, real-time clock, ACPI
 * fixed hardware, reset register, debug port and panic notifier.
 *
 * <p>Membership rule: a device at fixed addresses that a PC always had, or that a hypervisor puts
 * at a port. Threads: registers are read and written on virtual processors' threads; each device
 * has one lock, its own, and calls its interrupt line and its output while it holds it, so those
 * must neither block nor call back. Methods for the host's side (input, power button) may be called
 * on any thread.
 */
package org.vivarium.devices.legacy;
