package org.vivarium.devices.virtio.balloon;

import org.vivarium.devices.virtio.queue.ChainReader;
import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.QueuePump;
import org.vivarium.devices.virtio.transport.RateLimitedLog;

/**
 * Takes lists of page numbers: pages that the guest puts into the balloon are given back to the
 * host. On the I/O loop; allocates nothing.
 */
final class PageListHandler implements QueuePump.Handler {
  /** Most pages of one list that are looked at, 256 MiB; Linux sends 256 pages at a time. */
  static final int MAX_PAGES = 1 << 16;

  private final PageDiscarder discarder;
  private final RateLimitedLog log;
  private final DescriptorChain chain;

  PageListHandler(DeviceQueue queue, PageDiscarder discarder, RateLimitedLog log) {
    this.discarder = discarder;
    this.log = log;
    this.chain = queue.ring().newChain();
  }

  @Override
  public DescriptorChain nextChain() {
    return chain;
  }

  @Override
  public long handle(DescriptorChain request) {
    ChainReader reader = request.reader();
    int ignored = 0;
    for (int i = 0; i < MAX_PAGES && reader.remaining() >= BalloonLayout.PFN_BYTES; i++) {
      if (!discarder.page(reader.readU32())) {
        ignored++;
      }
    }
    discarder.flush();
    if (ignored > 0 || reader.remaining() > 0) {
      log.report("Ignored pages of a list that is too long or names what is no memory");
    }
    return 0;
  }
}
