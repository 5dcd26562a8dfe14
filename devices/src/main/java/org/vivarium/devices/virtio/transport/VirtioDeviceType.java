package org.vivarium.devices.virtio.transport;

/** The kinds of virtio device and how PCI classes them (VIRTIO 1.2, 5; PCI class codes). */
public enum VirtioDeviceType {
  /** Network card: Ethernet controller. */
  NETWORK(1, 0x020000),
  /** Block device: other mass storage controller. */
  BLOCK(2, 0x018000),
  /** Console: other communication device. */
  CONSOLE(3, 0x078000),
  /** Entropy source: device of no class. */
  ENTROPY(4, 0x00FF00),
  /** Memory balloon: device of no class. */
  BALLOON(5, 0x00FF00),
  /** Socket device: other communication device. */
  SOCKET(19, 0x078000);

  private final int id;
  private final int classCode;

  VirtioDeviceType(int id, int classCode) {
    this.id = id;
    this.classCode = classCode;
  }

  /** Device ID. */
  public int id() {
    return id;
  }

  /** PCI base class, sub-class and programming interface, 24 bits. */
  public int classCode() {
    return classCode;
  }
}
