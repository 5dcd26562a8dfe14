/**
 * The seam between a machine's definition and who runs it: our own VMM on KVM, or QEMU's software
 * emulation.
 *
 * <p>Membership rule: what a front end needs to start, watch and steer a machine without knowing
 * which engine runs it. Threads: methods of {@link org.vivarium.vmm.engine.VirtualMachine} may be
 * called from any thread; listeners are called on the engine's own threads and do not block.
 */
package org.vivarium.vmm.engine;
