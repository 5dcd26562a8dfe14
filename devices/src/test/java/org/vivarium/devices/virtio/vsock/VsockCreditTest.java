package org.vivarium.devices.virtio.vsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.vivarium.kvm.UnixSocket;

/** How each side is kept from sending more than the other has room for. */
class VsockCreditTest extends VsockDeviceFixture {
  @Test
  void hostsDataWaitsForTheGuestsCredit() throws IOException {
    giveBuffers();
    UnixSocket host = connectFromGuest(100, 0);

    write(host, "x".repeat(250));
    Packet first = next();
    Packet ask = next();
    boolean silent = poll() == null;
    credit(100, 100);
    Packet second = next();
    Packet askAgain = next();
    credit(100, 150);
    Packet third = next();

    assertEquals(100, first.data().length);
    assertEquals(CREDIT_REQUEST, ask.operation());
    assertTrue(silent);
    assertEquals(100, second.data().length);
    assertEquals(CREDIT_REQUEST, askAgain.operation());
    assertEquals(50, third.data().length);
  }

  @Test
  void senselessCreditIsNone() throws IOException {
    giveBuffers();
    UnixSocket host = connectFromGuest(100, 0);
    credit(100, -5);
    credit(0, 1000);
    credit(100, 0x8000_0000);
    write(host, "data");

    assertEquals(CREDIT_REQUEST, next().operation());
    assertNull(poll());
  }

  @Test
  void guestIsToldOfRoomBeforeItsCreditIsUsedUp() throws IOException {
    giveBuffers();
    UnixSocket host = connectFromGuest();
    int chunk = 8 << 10;
    for (int i = 0; i < 5; i++) {
      send(RW, new byte[chunk]);
      assertEquals(chunk, host.read(bytes, 0, bytes.size()));
    }

    Packet update = next();

    assertEquals(CREDIT_UPDATE, update.operation());
    assertEquals(4 * chunk, update.credit());
    assertNull(poll());
  }

  @Test
  void guestThatAsksForCreditGetsIt() throws IOException {
    giveBuffers();
    connectFromGuest();

    packet(CREDIT_REQUEST, PORT, GUEST_PORT, 0, new byte[0]);

    assertEquals(CREDIT_UPDATE, next().operation());
  }

  @Test
  void guestThatSendsMoreThanItsCreditIsCutOffAndMemoryIsBounded() throws IOException {
    giveBuffers();
    UnixSocket host = connectFromGuest();
    int packets = 0;
    Packet answer = null;
    while (answer == null || answer.operation() != RST) {
      send(RW, new byte[60_000]);
      packets++;
      answer = poll();
      assertTrue(packets < 100);
    }

    long delivered = 0;
    for (long n = host.read(bytes, 0, bytes.size()); n > 0; n = host.read(bytes, 0, bytes.size())) {
      delivered += n;
    }
    assertTrue(delivered > 0 && delivered <= packets * 60_000L);
    assertFalse(driver.needsReset());
  }

  @Test
  void slowHostGetsEverythingInOrder() throws IOException {
    giveBuffers();
    UnixSocket host = connectFromGuest();
    byte[] data = new byte[40_000];
    int credit = 64 << 10;
    long told = 0;
    int sent = 0;
    int received = 0;
    while (received < 2_000_000) {
      if (sent + data.length - told <= credit) {
        for (int i = 0; i < data.length; i++) {
          data[i] = (byte) ((sent + i) / 251);
        }
        send(RW, data);
        sent += data.length;
      }
      long n = host.read(bytes, 0, 10_000);
      for (int i = 0; i < n; i++) {
        assertEquals((byte) ((received + i) / 251), bytes.bytes().get(i));
      }
      received += (int) Math.max(n, 0);
      loop.run();
      for (Packet update = poll(); update != null; update = poll()) {
        assertEquals(CREDIT_UPDATE, update.operation());
        told = update.credit();
      }
    }
    assertTrue(received >= 2_000_000);
  }
}
