package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.PortForward.Protocol;
import org.vivarium.vmm.config.RateLimit;

class NetOptionTest {
  @Test
  void everyWordIsRead() throws Exception {
    NetConfig card =
        NetOption.parse(
            "user,forward=tcp:127.0.0.1:2222:22,forward=udp:[::1]:53:5353,"
                + "mac=02:00:00:AB:00:01,id=wan",
            Set.of());

    NetBackend user =
        new NetBackend.User(
            List.of(
                new PortForward(Protocol.TCP, "127.0.0.1", 2222, 22),
                new PortForward(Protocol.UDP, "::1", 53, 5353)));
    assertEquals(new NetConfig("wan", user, "02:00:00:ab:00:01", true, RateLimit.NONE), card);
  }

  @Test
  void otherNetworksAreRead() throws Exception {
    assertEquals(new NetBackend.Tap("tap0"), NetOption.parse("tap:tap0", Set.of()).backend());
    assertEquals(new NetBackend.Segment("lab"), NetOption.parse("segment:lab", Set.of()).backend());
    assertEquals(new NetBackend.None(), NetOption.parse("none", Set.of()).backend());
  }

  @Test
  void cardsAreNumberedAndHaveAddressesOfTheirOwn() throws Exception {
    List<NetConfig> cards = NetOption.parse(List.of("user", "none"));

    assertEquals(List.of("net0", "net1"), cards.stream().map(NetConfig::id).toList());
    assertTrue(cards.getFirst().mac().matches("02(:[0-9a-f]{2}){5}"), cards.getFirst().mac());
    assertNotEquals(cards.getFirst().mac(), cards.getLast().mac());
  }

  @Test
  void nothingGivenIsNoCard() throws Exception {
    assertEquals(List.of(), NetOption.parse(null));
  }

  @ParameterizedTest
  @CsvSource({
    "tcp:2222:22, tcp:127.0.0.1:2222:22",
    "udp:0.0.0.0:1:65535, udp:0.0.0.0:1:65535",
    "tcp:[fe80::1]:80:80, tcp:[fe80::1]:80:80",
  })
  void forwardIsWrittenAsItIsRead(String text, String written) throws Exception {
    assertEquals(written, ForwardOption.text(ForwardOption.parse("Forward", text)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "bridge",
        "tap:",
        "tap:a name",
        "tap:sixteencharacter",
        "segment:",
        "segment:a/b",
        "none,forward=tcp:2222:22",
        "user,fast",
        "user,forward=2222:22",
        "user,forward=icmp:2222:22",
        "user,forward=tcp:localhost:2222:22",
        "user,forward=tcp:256.0.0.1:2222:22",
        "user,forward=tcp:0:22",
        "user,forward=tcp:2222:65536",
        "user,forward=tcp:2222:99999999999999999999",
        "user,mac=02:00:00:00:00",
        "user,mac=01:00:00:00:00:00",
        "user,id=-",
        "user,id=taken",
      })
  void badTextIsRefusedInOneSentence(String text) {
    InvalidConfigException refused =
        assertThrows(InvalidConfigException.class, () -> NetOption.parse(text, Set.of("taken")));

    assertTrue(
        String.valueOf(refused.getMessage()).matches("[A-Z][^:]*: .*[^.]\\."),
        refused.getMessage());
  }
}
