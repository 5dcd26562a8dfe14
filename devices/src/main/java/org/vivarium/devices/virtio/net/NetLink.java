package org.vivarium.devices.virtio.net;

/** Whether the cable is plugged in. Any thread. */
final class NetLink {
  private volatile boolean up = true;

  boolean isUp() {
    return up;
  }

  void set(boolean nowUp) {
    up = nowUp;
  }
}
