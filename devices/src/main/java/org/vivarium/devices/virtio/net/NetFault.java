package org.vivarium.devices.virtio.net;

/** Why a frame that the guest sends is dropped. */
enum NetFault {
  /** Fewer bytes than a header. */
  SHORT_HEADER("Dropped a frame without a whole header"),
  /** Shorter than an Ethernet header or longer than any frame. */
  FRAME_LENGTH("Dropped a frame that is too short or too long"),
  /** An offload that was not negotiated. */
  NOT_NEGOTIATED("Dropped a frame with an offload that was not negotiated"),
  /** The checksum is not inside the frame. */
  CHECKSUM_OUTSIDE_FRAME("Dropped a frame whose checksum lies outside of it"),
  /** Segmentation without a size, without a checksum, or with headers longer than the frame. */
  SEGMENTATION("Dropped a frame that cannot be segmented as it asks"),
  /** The source address is not the card's. */
  SPOOFED_SOURCE("Dropped a frame whose source address is not the card's");

  private final String message;

  NetFault(String message) {
    this.message = message;
  }

  /** One sentence for the log. */
  String message() {
    return message;
  }
}
