package org.vivarium.devices.virtio.blk;

import org.vivarium.devices.virtio.traffic.TrafficCounters;
import org.vivarium.devices.virtio.traffic.TrafficLimiter;

/**
 * What all queues of a disk share: the limit on what they move, and the counts of it.
 *
 * @param limiter for both directions together
 * @param counters kept over resets
 */
record BlkTraffic(TrafficLimiter limiter, TrafficCounters counters) {
  /** Counts an executed request. Any thread; allocates nothing. */
  void finished(BlkRequest request, int status, long nanos) {
    counters.busy(nanos);
    if (status != BlkLayout.VIRTIO_BLK_S_OK) {
      counters.error();
      return;
    }
    switch (request.operation()) {
      case READ -> counters.in(request.data().bytes());
      case WRITE -> counters.out(request.data().bytes());
      default -> counters.other();
    }
  }
}
