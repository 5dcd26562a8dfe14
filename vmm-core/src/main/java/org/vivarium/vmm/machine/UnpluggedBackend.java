package org.vivarium.vmm.machine;

import java.nio.ByteBuffer;
import org.vivarium.devices.virtio.net.NetBackend;
import org.vivarium.devices.virtio.net.NetHeader;

/** No network: what a card without a cable sends is lost, and nothing comes. */
final class UnpluggedBackend implements NetBackend {
  @Override
  public long offloads() {
    return 0;
  }

  @Override
  public void start(Events events, long negotiated) {
    // There is nothing that could happen.
  }

  @Override
  public void stop() {
    // Nothing was started.
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
