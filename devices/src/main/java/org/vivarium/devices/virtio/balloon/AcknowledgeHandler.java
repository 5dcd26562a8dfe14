package org.vivarium.devices.virtio.balloon;

import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.QueuePump;

/**
 * Returns lists of pages that the guest takes out of the balloon: there is nothing to do, for the
 * host commits a page again when it is touched.
 */
final class AcknowledgeHandler implements QueuePump.Handler {
  private final DescriptorChain chain;

  AcknowledgeHandler(DeviceQueue queue) {
    this.chain = queue.ring().newChain();
  }

  @Override
  public DescriptorChain nextChain() {
    return chain;
  }

  @Override
  public long handle(DescriptorChain request) {
    return 0;
  }
}
