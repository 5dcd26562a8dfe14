package org.vivarium.devices.virtio.vsock;

/** Constants of virtio-vsock (VIRTIO 1.2, 5.10.4 and 5.10.6). */
final class VsockLayout {
  /** Context identifier of the host. */
  static final long VMADDR_CID_HOST = 2;

  static final int VIRTIO_VSOCK_TYPE_STREAM = 1;

  static final int VIRTIO_VSOCK_OP_REQUEST = 1;
  static final int VIRTIO_VSOCK_OP_RESPONSE = 2;
  static final int VIRTIO_VSOCK_OP_RST = 3;
  static final int VIRTIO_VSOCK_OP_SHUTDOWN = 4;
  static final int VIRTIO_VSOCK_OP_RW = 5;
  static final int VIRTIO_VSOCK_OP_CREDIT_UPDATE = 6;
  static final int VIRTIO_VSOCK_OP_CREDIT_REQUEST = 7;

  /** Who sends this receives no more. */
  static final int VIRTIO_VSOCK_SHUTDOWN_F_RECEIVE = 1;

  /** Who sends this sends no more. */
  static final int VIRTIO_VSOCK_SHUTDOWN_F_SEND = 2;

  static final int SHUTDOWN_BOTH = VIRTIO_VSOCK_SHUTDOWN_F_RECEIVE | VIRTIO_VSOCK_SHUTDOWN_F_SEND;

  /** Bytes of struct virtio_vsock_hdr. */
  static final int HEADER_BYTES = 44;

  /** Most bytes of data in one packet, and what a connection keeps for the host. */
  static final int BUFFER_BYTES = 64 << 10;

  /** Most connections at a time, both directions together. */
  static final int MAX_CONNECTIONS = 256;

  private VsockLayout() {}
}
