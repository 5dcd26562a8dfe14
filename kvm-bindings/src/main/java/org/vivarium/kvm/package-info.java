/**
 * The safe layer over Linux and KVM: one class per kind of file descriptor, guest memory, errno.
 *
 * <p>Membership rule: a class belongs here when it needs a system call or an address. Everything
 * above deals in these classes and in slices that {@link org.vivarium.kvm.GuestMemory} hands out.
 * Threads: unless a class says otherwise its methods may be called from any thread, and closing is
 * idempotent; {@link org.vivarium.kvm.KvmVcpu} belongs to the one thread that created it.
 */
package org.vivarium.kvm;
