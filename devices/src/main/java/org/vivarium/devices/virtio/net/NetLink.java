package org.vivarium.devices.virtio.net;

/** Whether the cable is plugged in, and whether there is anything at its other end. Any thread. */
final class NetLink {
  private volatile boolean plugged = true;
  private volatile boolean carrier = true;

  boolean isUp() {
    return plugged && carrier;
  }

  void plug(boolean in) {
    plugged = in;
  }

  void carrier(boolean there) {
    carrier = there;
  }
}
