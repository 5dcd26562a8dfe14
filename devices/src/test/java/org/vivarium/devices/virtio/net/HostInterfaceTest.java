package org.vivarium.devices.virtio.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.devices.virtio.traffic.TrafficCounters;

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

    assertEquals(
        new TrafficCounters.Snapshot(7_000, 5_000_000_000L, 40, 20, 0, 15, 0),
        new HostInterface(folder, "tap").counters());
    assertNull(new HostInterface(folder, "ta").counters());
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
    HostInterface host = new HostInterface(folder, "tap");

    assertEquals(Optional.of("192.0.2.9"), host.neighbour(0x5254_000A_0001L));
    assertEquals(Optional.empty(), host.neighbour(0x5254_000A_0002L));
  }
}
