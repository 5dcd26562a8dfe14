package org.vivarium.devices.virtio.queue;

/**
 * What a driver did wrong on an available ring or in a descriptor chain.
 *
 * <p>Each breaks a rule that binds every driver, so the queue that met one stops for good and its
 * device asks for a reset (VIRTIO 1.2, 2.1.1, DEVICE_NEEDS_RESET).
 */
public enum ChainFault {
  /** The available index moved by more than the queue's size. */
  AVAILABLE_INDEX_JUMP("The available index moved by more than the queue size"),
  /** The available ring names a descriptor at or past the queue's size. */
  HEAD_OUT_OF_RANGE("The available ring names a descriptor past the end of the table"),
  /** A chain was made available again before the device had used it. */
  HEAD_IN_FLIGHT("A descriptor chain was made available twice"),
  /** A next field points at or past the end of its table. */
  NEXT_OUT_OF_RANGE("A descriptor's next field points past the end of the table"),
  /** More descriptors in the chain than in the table: it loops, or is longer than allowed. */
  CHAIN_TOO_LONG("A descriptor chain loops or has more descriptors than the queue"),
  /** The buffers of a chain add up to more than 2^32 - 1 bytes. */
  TOTAL_LENGTH("The buffers of a descriptor chain add up to more than 4 GiB"),
  /** A buffer of no bytes. */
  ZERO_LENGTH("A descriptor has length 0"),
  /** A buffer does not lie, in whole, inside one region of guest memory. */
  OUTSIDE_MEMORY("A descriptor points outside guest memory"),
  /** A device-readable buffer after a device-writable one. */
  READABLE_AFTER_WRITABLE("A device-readable descriptor follows a device-writable one"),
  /** An indirect descriptor, and VIRTIO_F_INDIRECT_DESC was not negotiated. */
  INDIRECT_NOT_NEGOTIATED("An indirect descriptor is used although it was not negotiated"),
  /** An indirect descriptor inside an indirect table. */
  INDIRECT_NESTED("An indirect table holds an indirect descriptor"),
  /** An indirect descriptor that also has a next one. */
  INDIRECT_WITH_NEXT("An indirect descriptor has a next descriptor"),
  /** An indirect table whose length is 0 or no multiple of 16. */
  INDIRECT_LENGTH("The length of an indirect table is not a positive multiple of 16"),
  /** An indirect table with more entries than a chain may have. */
  INDIRECT_TOO_LONG("An indirect table has more entries than a chain may have"),
  /** An indirect table does not lie, in whole, inside one region of guest memory. */
  INDIRECT_OUTSIDE_MEMORY("An indirect table lies outside guest memory");

  private final String message;

  ChainFault(String message) {
    this.message = message;
  }

  /** One sentence for the log. */
  public String message() {
    return message;
  }
}
