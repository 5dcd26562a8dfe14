package org.vivarium.devices.virtio.transport;

import org.vivarium.kvm.EventFd;
import org.vivarium.kvm.KvmException;

/**
 * What the machine does so that a driver's notification reaches a queue's event without leaving the
 * kernel: KVM's ioeventfd (KVM API, KVM_IOEVENTFD).
 *
 * <p>Called when the guest maps, moves or unmaps a device's registers, on that virtual processor's
 * thread. A machine that has none of it may do nothing: writes then arrive as accesses to the
 * registers and signal the same event.
 */
public interface QueueNotifier {
  /**
   * A write of any width to this address signals {@code kick} from now on.
   *
   * @param gpa address of the queue's notification register in memory-mapped I/O
   */
  void attach(long gpa, EventFd kick) throws KvmException;

  /** Ends what {@link #attach} began. */
  void detach(long gpa, EventFd kick) throws KvmException;
}
