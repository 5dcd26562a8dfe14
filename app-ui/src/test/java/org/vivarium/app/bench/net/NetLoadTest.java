package org.vivarium.app.bench.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.Socket;
import org.junit.jupiter.api.Test;

class NetLoadTest {
  @Test
  void streamsShareTheAmount() {
    String section = NetLoad.SEND_4.section("x", 8, 20_000);

    assertTrue(section.startsWith("[x]\nrw=write\n"), section);
    assertTrue(section.contains("size=2097152\nnumjobs=4\nport=20000\n"), section);
  }

  @Test
  void valuesAreMebibytesOrTimesASecond() {
    assertEquals(4, NetLoad.RECEIVE_1.value(8192, 2000));
    assertEquals(64, NetLoad.PING_PONG.value(4, 1000));
    assertEquals(0, NetLoad.SEND_1.value(1, 0));
  }

  @Test
  void peerSendsBackWhatItsEchoGetsAndFillsItsSource() throws Exception {
    byte[] said = {1, 2, 3};
    try (NetPeer peer = new NetPeer(InetAddress.getLoopbackAddress())) {
      try (Socket echo = connect(peer.firstPort(NetLoad.Kind.ECHO) + NetLoad.STREAMS - 1)) {
        echo.getOutputStream().write(said);
        assertArrayEquals(said, echo.getInputStream().readNBytes(3));
      }
      try (Socket source = connect(peer.firstPort(NetLoad.Kind.SOURCE))) {
        assertEquals(1 << 20, source.getInputStream().readNBytes(1 << 20).length);
      }
      try (Socket sink = connect(peer.firstPort(NetLoad.Kind.SINK))) {
        sink.getOutputStream().write(new byte[1 << 20]);
        sink.shutdownOutput();
        assertEquals(-1, sink.getInputStream().read());
      }
    }
  }

  private static Socket connect(int port) throws Exception {
    return new Socket(InetAddress.getLoopbackAddress(), port);
  }
}
