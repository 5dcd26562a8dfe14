package org.vivarium.devices.virtio.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vivarium.devices.virtio.testing.Allocation;
import org.vivarium.devices.virtio.testing.ManualLoop;
import org.vivarium.kvm.Errno;
import org.vivarium.kvm.KvmException;

/** An interface of the test's own; where it cannot make one, the tests are reported as skipped. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class TapBackendTest {
  private static final String DEVICE = "vvt" + ProcessHandle.current().pid() % 100_000;

  private final ManualLoop loop = new ManualLoop();
  private final NetHeader header = new NetHeader();
  private final ByteBuffer frame = ByteBuffer.allocateDirect(NetHeader.MAX_FRAME);
  private boolean made;
  private int carriers;
  private int receives;

  private final NetBackend.Events events =
      new NetBackend.Events() {
        @Override
        public void sendReady() {}

        @Override
        public void receiveReady() {
          receives++;
        }

        @Override
        public void carrierChanged() {
          carriers++;
        }
      };

  @AfterEach
  void remove() throws Exception {
    if (made) {
      ip("link", "del", DEVICE);
    }
  }

  @Test
  void missingInterfaceIsRefusedByName() {
    KvmException refusal =
        assertThrows(KvmException.class, () -> TapBackend.open("vivarium-none", loop));

    assertEquals(Errno.ENODEV, refusal.errno());
  }

  @Test
  void framesOfBothDirectionsPass() throws Exception {
    make();
    try (TapBackend backend = TapBackend.open(DEVICE, loop)) {
      backend.start(events, backend.offloads());
      loop.run();
      // The host greets its neighbours (IPv6) when the interface comes up.
      assertEquals(0, ip("link", "set", DEVICE, "up"));
      int length = 0;
      while (length == 0) {
        loop.turn();
        length = receives > 0 ? backend.receive(header, frame) : 0;
        Thread.onSpinWait();
      }
      long before = received();
      frame.clear().limit(60);
      header.clear();

      assertTrue(backend.send(header, frame));

      assertTrue(length >= NetHeader.MIN_FRAME);
      assertEquals(before + 1, received());
      backend.stop();
    }
  }

  @Test
  void queuesOfAnInterfaceComeAndGo() throws Exception {
    make("multi_queue");
    List<TapBackend> queues = TapBackend.openQueues(DEVICE, 2, loop);
    frame.limit(60);
    ip("link", "set", DEVICE, "up");
    queues.get(1).start(events, queues.get(1).offloads());
    loop.run();
    long before = received();
    boolean sent = queues.get(1).send(header, frame);
    long after = received();
    queues.get(1).stop();
    queues.get(1).start(events, 0);
    queues.get(1).stop();
    loop.run();
    queues.get(1).start(events, 0);
    loop.run();
    queues.get(1).send(header, frame.rewind());

    assertTrue(sent);
    assertEquals(before + 1, after);
    assertEquals(before + 2, received());
    queues.get(1).stop();
    queues.forEach(TapBackend::close);
  }

  @Test
  void interfaceWithOneQueueHasOneHoweverManyAreOfUse() throws Exception {
    make();
    List<TapBackend> queues = TapBackend.openQueues(DEVICE, NetDevice.MOST_PAIRS, loop);

    assertEquals(1, queues.size());
    queues.getFirst().close();
  }

  @Test
  void interfaceThatIsDownLosesFramesAndOneThatIsDeletedLosesTheCarrier() throws Exception {
    make();
    try (TapBackend backend = TapBackend.open(DEVICE, loop)) {
      backend.start(events, 0);
      loop.run();
      frame.limit(60);
      assertTrue(backend.send(header, frame));
      assertTrue(backend.carrier());
      assertEquals(0, ip("link", "del", DEVICE));
      made = false;

      assertEquals(0, backend.receive(header, frame));

      assertFalse(backend.carrier());
      assertEquals(1, carriers);
      assertTrue(backend.send(header, frame));
      backend.stop();
    }
  }

  @Test
  void framesAllocateNothing() throws Exception {
    make();
    ip("link", "set", DEVICE, "up");
    try (TapBackend backend = TapBackend.open(DEVICE, loop)) {
      backend.start(events, 0);
      loop.run();
      ByteBuffer out = ByteBuffer.allocateDirect(60);
      Runnable round =
          () -> {
            header.clear();
            backend.send(header, out);
            backend.receive(header, frame);
          };

      assertEquals(0, Allocation.during(1_000, round));
      backend.stop();
    }
  }

  private void make(String... more) throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/net/tun")), "there is no /dev/net/tun");
    List<String> words = new ArrayList<>(List.of("tuntap", "add", "mode", "tap"));
    words.addAll(List.of(more));
    words.addAll(List.of("name", DEVICE));
    made = ip(words.toArray(String[]::new)) == 0;
    assumeTrue(made, "making a TAP interface needs root and the program ip");
  }

  private static int ip(String... arguments) throws InterruptedException {
    try {
      ProcessBuilder builder = new ProcessBuilder("ip");
      builder.command().addAll(List.of(arguments));
      return builder
          .redirectOutput(Redirect.DISCARD)
          .redirectError(Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      return -1;
    }
  }

  private static long received() throws IOException {
    Path counter = Path.of("/sys/class/net", DEVICE, "statistics", "rx_packets");
    return Long.parseLong(Files.readString(counter).strip());
  }
}
