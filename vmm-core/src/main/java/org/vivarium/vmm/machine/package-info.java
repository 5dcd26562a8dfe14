/**
 * The machine on KVM: its memory, buses, devices and processors put together, and its life.
 *
 * <p>Membership rule: assembly and life cycle. Threads of a machine: {@code vm-NAME-ctl} alone
 * builds, steers and takes down; {@code vm-NAME-vcpuN} runs a processor; {@code vm-NAME-console}
 * carries the console's output; {@code NAME events} tells the listener.
 */
package org.vivarium.vmm.machine;
