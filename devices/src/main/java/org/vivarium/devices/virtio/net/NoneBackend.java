package org.vivarium.devices.virtio.net;

import java.nio.ByteBuffer;

/** A cable whose other end is in no socket: the guest sees a card whose link is down. */
public final class NoneBackend implements NetBackend {
  /** Makes a loose cable. */
  public NoneBackend() {}

  @Override
  public long offloads() {
    return 0;
  }

  @Override
  public void start(Events events, long negotiated) {}

  @Override
  public void stop() {}

  @Override
  public boolean carrier() {
    return false;
  }

  @Override
  public boolean send(NetHeader header, ByteBuffer frame) {
    return true;
  }

  @Override
  public int receive(NetHeader header, ByteBuffer frame) {
    return 0;
  }
}
