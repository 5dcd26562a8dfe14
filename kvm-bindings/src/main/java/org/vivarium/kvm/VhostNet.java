package org.vivarium.kvm;

import org.jspecify.annotations.Nullable;

/**
 * The kernel's own mover of frames: a thread of the kernel takes them from a guest's queues to a
 * TAP interface and back (Linux, {@code drivers/vhost}).
 *
 * <p>Two queues: {@link #RECEIVE} and {@link #TRANSMIT}. Settings come first, then {@link
 * #setBackend} begins; while a queue has a back end only {@link #setCall} may be used for it. Any
 * thread, one at a time for each queue.
 */
public interface VhostNet extends AutoCloseable {
  /** The queue through which the guest receives. */
  int RECEIVE = 0;

  /** The queue through which the guest sends. */
  int TRANSMIT = 1;

  /** How one is had. */
  @FunctionalInterface
  interface Opener {
    /**
     * Opens the kernel's, for a guest's memory.
     *
     * @throws KvmException ENOENT or ENODEV if the kernel has none (module {@code vhost_net}),
     *     EACCES if this user may not
     */
    VhostNet open(GuestMemory memory) throws KvmException;
  }

  /**
   * Where a split virtqueue lies and how far it has come.
   *
   * @param size descriptors, a power of two
   * @param next index of the next chain to take from the available ring, mod 2^16
   * @param descriptors guest physical address of the descriptor table
   * @param available guest physical address of the available ring
   * @param used guest physical address of the used ring
   */
  record Ring(int size, int next, long descriptors, long available, long used) {}

  /**
   * Opens /dev/vhost-net.
   *
   * @param memory the guest's; stays open until this object is closed
   * @throws KvmException as {@link Opener#open}
   */
  static VhostNet open(GuestMemory memory) throws KvmException {
    return LinuxVhostNet.open(memory);
  }

  /** The bits of VIRTIO's features that it can deal with. */
  long features() throws KvmException;

  /**
   * Fixes the features of both queues.
   *
   * @throws KvmException EOPNOTSUPP for bits that are not among {@link #features}
   */
  void setFeatures(long features) throws KvmException;

  /**
   * Places a queue.
   *
   * @throws GuestAddressException if a part of it is not inside one region of guest memory
   */
  void setRing(int queue, Ring ring) throws KvmException;

  /** Says by which event the driver's notifications come. */
  void setKick(int queue, EventFd event) throws KvmException;

  /** Says which event to signal when the driver wants an interrupt; also while frames pass. */
  void setCall(int queue, EventFd event) throws KvmException;

  /** Says which event to signal when the driver broke a rule, so that the queue stands still. */
  void setError(int queue, EventFd event) throws KvmException;

  /**
   * Begins to move frames, or stops: nothing touches the queue or guest memory when this returns.
   *
   * @param tap a {@link Tap} with headers of 12 bytes; null to stop
   */
  void setBackend(int queue, @Nullable FileDescriptor tap) throws KvmException;

  /** Index of the next chain that would be taken from the available ring, mod 2^16. */
  int next(int queue) throws KvmException;

  /** Ends it. Both queues were stopped. */
  @Override
  void close();
}
