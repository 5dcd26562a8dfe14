package org.vivarium.vmm.config;

/**
 * A virtio-net card.
 *
 * @param id what commands call it, unique in its machine
 * @param backend what it is plugged into
 * @param mac its address, six hexadecimal bytes between colons, unicast
 * @param linkUp whether its link is up from the start
 * @param limit how much it may do in a second, in each direction
 */
public record NetConfig(
    String id, NetBackend backend, String mac, boolean linkUp, RateLimit limit) {}
