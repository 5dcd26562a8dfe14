package org.vivarium.devices.virtio.balloon;

import java.util.function.BooleanSupplier;
import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.QueuePump;

/**
 * Gives free pages that the guest reports back to the host (VIRTIO 1.2, 5.5.6.7): the
 * device-writable buffers are the pages. On the I/O loop; allocates nothing.
 */
final class ReportingHandler implements QueuePump.Handler {
  private final PageDiscarder discarder;
  private final BooleanSupplier zeroesFit;
  private final DescriptorChain chain;

  /**
   * @param zeroesFit whether the guest may find zeroes in its free pages: a guest that fills them
   *     with something else relies on finding it there (5.5.6.7.2)
   */
  ReportingHandler(DeviceQueue queue, PageDiscarder discarder, BooleanSupplier zeroesFit) {
    this.discarder = discarder;
    this.zeroesFit = zeroesFit;
    this.chain = queue.ring().newChain();
  }

  @Override
  public DescriptorChain nextChain() {
    return chain;
  }

  @Override
  public long handle(DescriptorChain report) {
    if (zeroesFit.getAsBoolean()) {
      for (int i = report.readableCount(); i < report.count(); i++) {
        discarder.range(report.gpa(i), report.length(i));
      }
    }
    return 0;
  }
}
