package org.vivarium.devices.virtio.net;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.testing.ManualLoop;
import org.vivarium.devices.virtio.transport.VirtioFeatures;

/** A card, its driver and a cable whose other end is the test. */
abstract class NetDeviceFixture {
  static final int RECEIVE = 0;
  static final int TRANSMIT = 1;
  static final long MAC = 0x0200_0000_0001L;
  static final long DATA = 0x10_0000;
  static final long PLAIN = VirtioFeatures.EVENT_IDX | VirtioFeatures.INDIRECT_DESC;

  final GuestRam ram = new GuestRam();
  final ManualLoop loop = new ManualLoop();
  final FakeBackend backend = new FakeBackend();
  NetDevice device = new NetDevice("test", NetConfig.of(MAC, 1500), backend, loop);
  DriverSideDevice driver = new DriverSideDevice(ram, loop, device);

  @AfterEach
  void close() {
    driver.close();
    ram.close();
  }

  void plugIn(NetConfig config) {
    driver.reset();
    driver.close();
    device = new NetDevice("test", config, backend, loop);
    driver = new DriverSideDevice(ram, loop, device);
  }

  void send(byte[] header, byte[] frame) {
    driver.queue(TRANSMIT).add(driver.queue(TRANSMIT).readable(packet(header, frame)));
    driver.kick(TRANSMIT);
  }

  void arrive(byte[] frame) {
    backend.incoming.add(frame);
    NetBackend.Events events = backend.events;
    if (events != null) {
      events.receiveReady();
    }
    loop.run();
  }

  static byte[] packet(byte[] header, byte[] frame) {
    byte[] packet = Arrays.copyOf(header, header.length + frame.length);
    System.arraycopy(frame, 0, packet, header.length, frame.length);
    return packet;
  }

  static byte[] frame(long source, int length) {
    byte[] frame = new byte[length];
    for (int i = 0; i < length; i++) {
      frame[i] = (byte) i;
    }
    for (int i = 0; i < 6; i++) {
      frame[6 + i] = (byte) (source >>> (8 * (5 - i)));
    }
    return frame;
  }

  static byte[] header(int flags, int gsoType, int length, int gsoSize, int start, int offset) {
    return ByteBuffer.allocate(NetHeader.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) flags)
        .put((byte) gsoType)
        .putShort((short) length)
        .putShort((short) gsoSize)
        .putShort((short) start)
        .putShort((short) offset)
        .array();
  }
}
