package org.vivarium.devices.virtio.vsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.readable;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.writable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vivarium.devices.virtio.testing.Allocation;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Used;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.UnixSocket;

/** The device itself: its configuration, its socket, its buffers. */
class VsockDeviceTest extends VsockDeviceFixture {
  @Test
  void receiveBuffersInPiecesAreFilledInOrder() throws IOException {
    for (int i = 0; i < 3; i++) {
      driver
          .queue(RECEIVE)
          .add(writable(IN + 0x100L * i, 40), writable(IN + 0x80 + 0x100L * i, 14));
    }
    driver.kick(RECEIVE);
    UnixSocket host = connectFromGuest();

    write(host, "0123456789abcdef");

    assertEquals(
        List.of(54L, 50L), driver.queue(RECEIVE).allUsed().stream().map(Used::length).toList());
    assertEquals(
        "0123456789", new String(ram.bytes(IN + 0x180 + 4, 10), StandardCharsets.US_ASCII));
    assertEquals("abcdef", new String(ram.bytes(IN + 0x280 + 4, 6), StandardCharsets.US_ASCII));
  }

  @Test
  void configurationSpaceHasTheGuestsIdentifier() {
    assertEquals(CID, driver.config(0, 8));
    assertThrows(IllegalArgumentException.class, () -> new VsockConfig(2, path));
    assertThrows(IllegalArgumentException.class, () -> new VsockConfig(0xFFFF_FFFFL, path));
    assertThrows(
        IllegalArgumentException.class, () -> new VsockConfig(3, Path.of("/" + "x".repeat(97))));
  }

  @Test
  void socketOfALivingProcessIsRefusedAndOfADeadOneReplaced() throws IOException {
    IOException refusal =
        assertThrows(
            IOException.class, () -> VsockDevice.open("other", new VsockConfig(CID, path), loop));
    Path dead = folder.resolve("dead.sock");
    UnixSocket.listen(dead, 1).close();

    VsockDevice other = VsockDevice.open("other", new VsockConfig(CID, dead), loop);
    loop.run();
    other.close();
    loop.run();

    assertEquals(
        "Cannot listen at " + path + ": another process does already.", refusal.getMessage());
    assertFalse(Files.exists(dead));
  }

  @Test
  void dataOfBothDirectionsAllocatesNothing() throws IOException {
    driver.queue(RECEIVE).add(writable(IN, 4096));
    driver.kick(RECEIVE);
    UnixSocket host = connectFromGuest();
    header(CID, 2, RW, 1, 500, 0, PORT, GUEST_PORT);
    GuestMemory memory = ram.memory();
    int out = driver.queue(TRANSMIT).add(readable(OUT, 544));
    int in = lastReceiveHead;
    driver.kick(TRANSMIT);
    int[] sent = new int[1];
    Runnable round =
        () -> {
          try {
            host.read(bytes, 0, 4096);
            host.write(bytes, 0, 500);
            loop.turn();
            sent[0] += 500;
            memory.writeU32(OUT + 40, sent[0]);
            driver.queue(TRANSMIT).available(out);
            driver.queue(RECEIVE).available(in);
            driver.notifyOnly(TRANSMIT);
            driver.notifyOnly(RECEIVE);
            loop.turn();
          } catch (KvmException e) {
            throw new AssertionError(e);
          }
        };

    assertEquals(0, Allocation.during(1_000, round));
    assertFalse(driver.needsReset());
    assertTrue(driver.queue(TRANSMIT).usedIndex() != 0);
  }
}
