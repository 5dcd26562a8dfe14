package org.vivarium.devices.virtio.queue;

import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.GuestMemory;

/**
 * Where a driver put a split virtqueue: any values at all until {@link #check} finds no fault.
 *
 * <p>Immutable, so that a queue goes on with the configuration it was activated with whatever the
 * driver writes into the transport's registers later (CVE-2026-5747).
 *
 * @param size descriptors
 * @param descriptorTable guest physical address of the descriptor table
 * @param availableRing guest physical address of the available ring ("driver area")
 * @param usedRing guest physical address of the used ring ("device area")
 */
public record VirtqueueConfig(int size, long descriptorTable, long availableRing, long usedRing) {
  /** Bytes of one descriptor. */
  static final int DESCRIPTOR_BYTES = 16;

  /** Bytes of one element of the used ring. */
  static final int USED_ELEMENT_BYTES = 8;

  /** Bytes of flags and index, at the start of both rings. */
  static final int RING_HEADER_BYTES = 4;

  /** Bytes of the event field that ends both rings. */
  private static final int EVENT_BYTES = 2;

  /** Largest queue size of a split virtqueue (VIRTIO 1.2, 2.7). */
  public static final int LARGEST_SIZE = 32768;

  /**
   * Checks size, alignment and bounds (VIRTIO 1.2, 2.7).
   *
   * @param maxSize what the device offers, 1 to {@link #LARGEST_SIZE}
   * @return the first fault, or null if the queue can be activated
   */
  public @Nullable VirtqueueConfigFault check(GuestMemory memory, int maxSize) {
    if (size <= 0 || size > Math.min(maxSize, LARGEST_SIZE) || Integer.bitCount(size) != 1) {
      return VirtqueueConfigFault.SIZE;
    }
    if ((descriptorTable & 15) != 0) {
      return VirtqueueConfigFault.DESCRIPTOR_TABLE_ALIGNMENT;
    }
    if ((availableRing & 1) != 0) {
      return VirtqueueConfigFault.AVAILABLE_RING_ALIGNMENT;
    }
    if ((usedRing & 3) != 0) {
      return VirtqueueConfigFault.USED_RING_ALIGNMENT;
    }
    if (!memory.contains(descriptorTable, descriptorTableBytes())) {
      return VirtqueueConfigFault.DESCRIPTOR_TABLE_OUTSIDE_MEMORY;
    }
    if (!memory.contains(availableRing, availableRingBytes())) {
      return VirtqueueConfigFault.AVAILABLE_RING_OUTSIDE_MEMORY;
    }
    if (!memory.contains(usedRing, usedRingBytes())) {
      return VirtqueueConfigFault.USED_RING_OUTSIDE_MEMORY;
    }
    return null;
  }

  /** Bytes of the descriptor table. */
  public long descriptorTableBytes() {
    return (long) DESCRIPTOR_BYTES * size;
  }

  /** Bytes of the available ring, used_event included. */
  public long availableRingBytes() {
    return RING_HEADER_BYTES + 2L * size + EVENT_BYTES;
  }

  /** Bytes of the used ring, avail_event included. */
  public long usedRingBytes() {
    return RING_HEADER_BYTES + (long) USED_ELEMENT_BYTES * size + EVENT_BYTES;
  }
}
