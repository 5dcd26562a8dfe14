package org.vivarium.devices.virtio.queue;

/** Why a virtqueue cannot be activated as the driver configured it. */
public enum VirtqueueConfigFault {
  /** 0, no power of two, or above what the device offers. */
  SIZE("The queue size is not a power of two within the device's maximum"),
  /** The descriptor table is not 16-byte aligned. */
  DESCRIPTOR_TABLE_ALIGNMENT("The descriptor table is not aligned to 16 bytes"),
  /** The available ring is not 2-byte aligned. */
  AVAILABLE_RING_ALIGNMENT("The available ring is not aligned to 2 bytes"),
  /** The used ring is not 4-byte aligned. */
  USED_RING_ALIGNMENT("The used ring is not aligned to 4 bytes"),
  /** The descriptor table is not, in whole, inside one region of guest memory. */
  DESCRIPTOR_TABLE_OUTSIDE_MEMORY("The descriptor table lies outside guest memory"),
  /** The available ring is not, in whole, inside one region of guest memory. */
  AVAILABLE_RING_OUTSIDE_MEMORY("The available ring lies outside guest memory"),
  /** The used ring is not, in whole, inside one region of guest memory. */
  USED_RING_OUTSIDE_MEMORY("The used ring lies outside guest memory");

  private final String message;

  VirtqueueConfigFault(String message) {
    this.message = message;
  }

  /** One sentence for the log. */
  public String message() {
    return message;
  }
}
