package org.vivarium.vmm.config;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.vmm.InvalidConfigException;

class DeviceSetTest {
  private static final String MAC = "52:54:00:00:00:01";

  private static DiskConfig disk(String id, String serial) {
    return new DiskConfig(id, Path.of("/a.img"), null, false, serial, RateLimit.NONE);
  }

  private static NetConfig card(String id, NetBackend backend, String mac) {
    return new NetConfig(id, backend, mac, true, RateLimit.NONE);
  }

  private static DeviceSet set(
      List<DiskConfig> disks, List<NetConfig> cards, @Nullable VsockConfig vsock) {
    return new DeviceSet(disks, cards, false, false, false, vsock);
  }

  private static void refused(DeviceSet devices) {
    InvalidConfigException e = assertThrows(InvalidConfigException.class, devices::check);
    assertTrue(e.getMessage().matches("[A-Z].*[.]"), e.getMessage());
  }

  private static void refusedCard(NetBackend backend, String mac) {
    refused(set(List.of(), List.of(card("n", backend, mac)), null));
  }

  private static NetBackend user(String address, int hostPort, int guestPort) {
    return new NetBackend.User(
        List.of(new PortForward(PortForward.Protocol.TCP, address, hostPort, guestPort)));
  }

  @Test
  void ordinaryDevicesAreTaken() {
    DeviceSet devices =
        set(
            List.of(disk("1", ""), disk("b.c_d-e", "12345678901234567890")),
            List.of(
                card("n", user("::1", 65535, 1), MAC),
                card("t", new NetBackend.Tap("tap-0"), "02:00:00:00:00:00"),
                card("s", new NetBackend.Segment("lab.1"), "AA:bb:cc:dd:ee:ff"),
                card("o", new NetBackend.None(), "00:00:00:00:00:01")),
            new VsockConfig(3, Path.of("/run/v.sock")));

    assertDoesNotThrow(devices::check);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-a",
        ".a",
        "a b",
        "a,b",
        "a/b",
        "ä",
        "a\n",
        "aaaaaaaaaabbbbbbbbbbccccccccccddd"
      })
  void impossibleIdIsRefused(String id) {
    refused(set(List.of(disk(id, "")), List.of(), null));
  }

  @Test
  void idThatTwoDevicesHaveIsRefused() {
    refused(set(List.of(disk("a", ""), disk("a", "")), List.of(), null));
    refused(set(List.of(disk("a", "")), List.of(card("a", new NetBackend.None(), MAC)), null));
  }

  @ParameterizedTest
  @ValueSource(strings = {"123456789012345678901", "ä", "a\tb", "a\u0000"})
  void impossibleSerialIsRefused(String serial) {
    refused(set(List.of(disk("a", serial)), List.of(), null));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "52:54:00:00:00",
        "52-54-00-00-00-01",
        "53:54:00:00:00:01",
        "ff:ff:ff:ff:ff:ff",
        "00:00:00:00:00:00",
        "52:54:00:00:00:0g",
        "52:54:00:00:00:01:02"
      })
  void impossibleAddressIsRefused(String mac) {
    refusedCard(new NetBackend.None(), mac);
  }

  @Test
  void addressThatTwoCardsHaveIsRefused() {
    refused(
        set(
            List.of(),
            List.of(
                card("a", new NetBackend.None(), "52:54:00:00:00:0a"),
                card("b", new NetBackend.None(), "52:54:00:00:00:0A")),
            null));
  }

  @Test
  void impossibleForwardIsRefused() {
    refusedCard(user("localhost", 80, 80), MAC);
    refusedCard(user("", 80, 80), MAC);
    refusedCard(user("127.0.0.1", 0, 80), MAC);
    refusedCard(user("127.0.0.1", 80, 65536), MAC);
    refusedCard(user("127.0.0.1", -1, 80), MAC);
    refused(
        set(
            List.of(),
            List.of(
                card("a", user("127.0.0.1", 80, 80), MAC),
                card("b", user("127.0.0.1", 80, 81), "52:54:00:00:00:02")),
            null));
  }

  @Test
  void impossibleNameOfANetworkIsRefused() {
    for (String name : List.of("", ".", "..", "a/b", "a b", "sixteen-letters-", "tab\t")) {
      refusedCard(new NetBackend.Tap(name), MAC);
    }
    for (String name : List.of("", ".x", "../x", "a/b", "a b", "x".repeat(33))) {
      refusedCard(new NetBackend.Segment(name), MAC);
    }
  }

  @Test
  void impossibleSocketsAreRefused() {
    for (long cid : new long[] {-1, 0, 2, 0xFFFF_FFFFL, Long.MAX_VALUE}) {
      refused(set(List.of(), List.of(), new VsockConfig(cid, Path.of("/v"))));
    }
    refused(set(List.of(), List.of(), new VsockConfig(3, Path.of("/" + "v".repeat(100)))));
  }

  @Test
  void negativeLimitIsRefused() {
    assertThrows(InvalidConfigException.class, () -> RateLimit.of(-1, 0));
    refused(
        set(List.of(disk("a", "").withLimit(new RateLimit(0, Long.MIN_VALUE))), List.of(), null));
  }

  @Test
  void moreThanFitTheSlotsAreRefused() {
    List<DiskConfig> disks = new ArrayList<>();
    List<NetConfig> cards = new ArrayList<>();
    for (int i = 0; i <= DeviceSet.MAX_DISKS; i++) {
      disks.add(disk("d" + i, ""));
      cards.add(card("n" + i, new NetBackend.None(), "52:54:00:00:00:%02x".formatted(i)));
    }
    assertDoesNotThrow(set(disks.subList(1, 17), cards.subList(0, 8), null)::check);

    refused(set(disks, List.of(), null));
    refused(set(List.of(), cards.subList(0, 9), null));
  }

  @Test
  void addressIsANumber() throws Exception {
    assertEquals(0x5254_0000_0001L, card("n", new NetBackend.None(), MAC).macBits());
  }
}
