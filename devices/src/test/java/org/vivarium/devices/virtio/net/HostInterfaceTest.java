package org.vivarium.devices.virtio.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.devices.virtio.traffic.TrafficCounters;
import org.vivarium.devices.virtio.transport.RateLimitedLog;

/** Tables as Linux prints them. */
class HostInterfaceTest {
  @TempDir Path folder;

  @Test
  void figuresAreThoseOfTheInterfaceAsItsGuestSeesThem() throws Exception {
    Files.writeString(
        folder.resolve("dev"),
        """
        Inter-|   Receive                                                |  Transmit
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
            lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
          tap1: 9       9    9    9    0     0          0         0      9       9    9    9    0     0       0          0
           tap:5000000000      20    1    2    0     0          0         0     7000      40    4    8    0     0       0          0
        """);

    HostInterface tap = interfaceOf("tap");
    TrafficCounters.Snapshot passed =
        new TrafficCounters.Snapshot(7_000, 5_000_000_000L, 40, 20, 0, 15, 0);
    assertEquals(passed, tap.counters());
    assertTrue(tap.isThere());
    Files.writeString(folder.resolve("dev"), "lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n");
    assertEquals(passed, tap.counters(), "the last ones");
    assertFalse(tap.isThere());
  }

  @Test
  void tablesThatCannotBeReadTellNothing() {
    HostInterface tap = interfaceOf("tap");

    assertEquals(0, tap.counters().bytesIn());
    assertTrue(tap.isThere());
    assertEquals(Optional.empty(), tap.neighbour(1));
  }

  private HostInterface interfaceOf(String name) {
    return new HostInterface(folder, name, new RateLimitedLog("test"));
  }

  @Test
  void neighbourIsKnownByItsCardsAddress() throws Exception {
    Files.writeString(
        folder.resolve("arp"),
        """
        IP address       HW type     Flags       HW address            Mask     Device
        192.0.2.1        0x1         0x2         52:54:00:01:00:02     *        br0
        192.0.2.9        0x1         0x2         52:54:00:0a:00:01     *        br0
        """);
    HostInterface host = interfaceOf("tap");

    assertEquals(Optional.of("192.0.2.9"), host.neighbour(0x5254_000A_0001L));
    assertEquals(Optional.empty(), host.neighbour(0x5254_000A_0002L));
  }
}
