package org.vivarium.vmm.config;

import java.util.List;

/** What a network card is plugged into. */
public sealed interface NetBackend {
  /** The user's own network through passt: DHCP, DNS, NAT and forwarded ports, no root. */
  record User(List<PortForward> forwards) implements NetBackend {}

  /** A TAP device that exists already, on a bridge or not. */
  record Tap(String device) implements NetBackend {}

  /** A private network that machines of this user share by its name. */
  record Segment(String name) implements NetBackend {}

  /** Nothing: a card without a cable. */
  record None() implements NetBackend {}
}
