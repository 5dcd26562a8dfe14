package org.vivarium.devices.virtio.net;

import org.vivarium.devices.virtio.traffic.TrafficCounters;
import org.vivarium.devices.virtio.traffic.TrafficLimiter;

/**
 * What stays of a card over its resets and both directions look at.
 *
 * @param link whether frames pass at all
 * @param sending limit on what the guest sends
 * @param receiving limit on what the guest receives
 * @param counters of both directions
 * @param address the guest's, as its frames tell
 */
record NetTraffic(
    NetLink link,
    TrafficLimiter sending,
    TrafficLimiter receiving,
    TrafficCounters counters,
    GuestAddress address) {
  /** Whether frames just pass, both ways: the cable is in, and nothing is limited. On the loop. */
  boolean allPasses() {
    return link.isUp() && !sending.isLimited() && !receiving.isLimited();
  }
}
