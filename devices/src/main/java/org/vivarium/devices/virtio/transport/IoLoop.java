package org.vivarium.devices.virtio.transport;

import org.vivarium.kvm.EventFd;
import org.vivarium.kvm.FileDescriptor;

/**
 * The I/O thread of a device: waits for events and runs what belongs to them, one at a time.
 *
 * <p>Everything that a device does to its queues runs here, so that queues need no lock. Callbacks
 * do not block. One loop may serve many devices.
 */
public interface IoLoop {
  /** Something that is waited for. */
  interface Watch {
    /** Ends the waiting. Called on the loop's thread; the callback does not run afterwards. */
    void cancel();
  }

  /** A descriptor that is waited for. */
  interface DescriptorWatch extends Watch {
    /**
     * Changes what is waited for, and runs the callback soon if that is so already. Called on the
     * loop's thread.
     */
    void await(int events);
  }

  /** A call that comes after a time. On the loop's thread, the callback included. */
  interface Alarm {
    /**
     * Has the callback run once, {@code nanos} from now or somewhat later, instead of when it was
     * to run before.
     */
    void set(long nanos);

    /** Has the callback not run. */
    void clear();

    /** Takes the alarm off the loop. */
    void cancel();
  }

  /**
   * Runs {@code callback} on the loop's thread after the event was signalled, once for all signals
   * since, and now and then for no reason. The count is the loop's own business. Any thread.
   */
  Watch watch(EventFd event, Runnable callback);

  /**
   * Runs {@code callback} on the loop's thread when a descriptor that was not ready becomes ready,
   * and now and then for no reason: the callback tries, and goes on until it would have to wait.
   * Any thread. Cancel before closing the descriptor.
   *
   * @param events what for: {@link org.vivarium.kvm.Epoll#IN} and {@link
   *     org.vivarium.kvm.Epoll#OUT}, or-ed
   */
  DescriptorWatch watch(FileDescriptor descriptor, int events, Runnable callback);

  /** Makes an alarm that is not set. On the loop's thread. Setting it allocates nothing. */
  Alarm alarm(Runnable callback);

  /** Runs {@code task} once on the loop's thread, after the tasks given before it. Any thread. */
  void execute(Runnable task);
}
