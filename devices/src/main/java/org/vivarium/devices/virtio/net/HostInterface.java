package org.vivarium.devices.virtio.net;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.traffic.TrafficCounters;
import org.vivarium.devices.virtio.transport.RateLimitedLog;

/**
 * What the host's kernel counts of an interface and knows of its neighbours (proc(5), {@code
 * /proc/net}): for frames that this process does not see. Any thread.
 */
final class HostInterface {
  // Columns of /proc/net/dev behind the name: what the host received, then what it sent.
  private static final int RX_BYTES = 0;
  private static final int RX_PACKETS = 1;
  private static final int RX_ERRORS = 2;
  private static final int RX_DROPPED = 3;
  private static final int TX_BYTES = 8;
  private static final int TX_PACKETS = 9;
  private static final int TX_ERRORS = 10;
  private static final int TX_DROPPED = 11;

  /** Columns of /proc/net/arp: address, hardware type, flags, hardware address, mask, device. */
  private static final int NEIGHBOUR_MAC = 3;

  private static final int MAC_DIGITS = 12;

  private final Path folder;
  private final String name;
  private final RateLimitedLog log;
  private volatile TrafficCounters.Snapshot last =
      new TrafficCounters.Snapshot(0, 0, 0, 0, 0, 0, 0);
  private volatile boolean there = true;

  /**
   * @param folder {@code /proc/net}
   */
  HostInterface(Path folder, String name, RateLimitedLog log) {
    this.folder = folder;
    this.name = name;
    this.log = log;
  }

  /**
   * What has passed since the interface was made, as its guest sees it, or what had when it could
   * be told last.
   */
  TrafficCounters.Snapshot counters() {
    try {
      TrafficCounters.Snapshot now = read();
      there = now != null;
      if (now != null) {
        last = now;
      }
    } catch (IOException e) {
      log.report("Cannot see what passes " + name + ": " + e.getMessage());
    }
    return last;
  }

  /** Whether {@link #counters} found the interface when it looked last. */
  boolean isThere() {
    return there;
  }

  /** Null if there is no such interface. */
  private TrafficCounters.@Nullable Snapshot read() throws IOException {
    try (Stream<String> lines = Files.lines(folder.resolve("dev"))) {
      long[] columns =
          lines
              .map(String::strip)
              .filter(line -> line.startsWith(name + ":"))
              .map(line -> line.substring(name.length() + 1).strip().split("\\s+"))
              .map(words -> Stream.of(words).mapToLong(Long::parseUnsignedLong).toArray())
              .findFirst()
              .orElse(null);
      return columns == null
          ? null
          : new TrafficCounters.Snapshot(
              columns[TX_BYTES],
              columns[RX_BYTES],
              columns[TX_PACKETS],
              columns[RX_PACKETS],
              0,
              columns[RX_ERRORS] + columns[RX_DROPPED] + columns[TX_ERRORS] + columns[TX_DROPPED],
              0);
    }
  }

  /**
   * The IPv4 address under which the host has spoken with a neighbour, on this interface or on the
   * bridge that it is a port of.
   *
   * @param mac the neighbour's, 48 bits
   */
  Optional<String> neighbour(long mac) {
    String wanted = HexFormat.of().toHexDigits(mac, MAC_DIGITS).replaceAll("(..)(?=.)", "$1:");
    try (Stream<String> lines = Files.lines(folder.resolve("arp"))) {
      return lines
          .map(line -> line.strip().split("\\s+"))
          .filter(words -> words.length > NEIGHBOUR_MAC && words[NEIGHBOUR_MAC].equals(wanted))
          .map(words -> words[0])
          .findFirst();
    } catch (IOException e) {
      log.report("Cannot see the neighbours of " + name + ": " + e.getMessage());
      return Optional.empty();
    }
  }
}
