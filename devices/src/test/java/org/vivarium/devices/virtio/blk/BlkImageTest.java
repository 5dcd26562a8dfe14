package org.vivarium.devices.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.readable;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.writable;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Buffer;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.testing.ManualLoop;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.RawImage;
import org.vivarium.images.qcow2.Qcow2Creator;
import org.vivarium.images.qcow2.Qcow2Image;

/** The device over real images: what a guest wrote is what it reads, also after reopening. */
class BlkImageTest {
  private static final int SIZE = 4 << 20;
  private static final int PIECE = 4096;
  private static final long DATA = 0x20_0000;
  private static final long STATUS = 0x1F_F000;

  @TempDir private Path folder;

  @ParameterizedTest(name = "io_uring: {0}")
  @ValueSource(booleans = {false, true})
  void rawImageKeepsWhatTheGuestWrote(boolean ring) throws Exception {
    Path file = folder.resolve("disk.raw");
    RawImage.create(file, SIZE);
    byte[] expected;
    try (DiskImage image = RawImage.open(file, DiskOptions.readWrite())) {
      expected = writeThroughTheDevice(image, ring);
    }
    try (DiskImage image = RawImage.open(file, DiskOptions.readOnlyAccess())) {
      assertContent(expected, image);
    }
  }

  @ParameterizedTest(name = "io_uring: {0}")
  @ValueSource(booleans = {false, true})
  void qcow2ImageKeepsWhatTheGuestWrote(boolean ring) throws Exception {
    Path file = folder.resolve("disk.qcow2");
    Qcow2Creator.create(file, Qcow2Creator.Spec.of(SIZE));
    byte[] expected;
    try (DiskImage image = Qcow2Image.open(file, DiskOptions.readWrite())) {
      expected = writeThroughTheDevice(image, ring);
    }
    try (DiskImage image = Qcow2Image.open(file, DiskOptions.readOnlyAccess())) {
      assertContent(expected, image);
    }
  }

  /**
   * Writes random sectors, discards and zeroes some, reads all back; returns what must be there.
   */
  private static byte[] writeThroughTheDevice(DiskImage image, boolean ring) {
    byte[] expected = new byte[SIZE];
    Random random = new Random(42);
    ManualLoop loop = new ManualLoop();
    try (GuestRam ram = new GuestRam();
        BlkDevice device =
            new BlkDevice(
                "test",
                BlkConfig.of("image"),
                image,
                loop,
                (thread, error) -> {
                  throw new AssertionError(error);
                });
        @Nullable BlkFiles _ = ring ? Rings.accelerate(device, image) : null;
        DriverSideDevice driver = new DriverSideDevice(ram, loop, device).start()) {
      byte[] piece = new byte[PIECE];
      for (int i = 0; i < 300; i++) {
        int sector = random.nextInt((SIZE - PIECE) / 512);
        random.nextBytes(piece);
        ram.memory().write(DATA, piece, 0, PIECE);
        System.arraycopy(piece, 0, expected, sector * 512, PIECE);
        assertEquals(
            0, request(driver, 1, sector, readable(DATA, 100), readable(DATA + 100, 3996)));
      }
      Arrays.fill(expected, 0, 65536, (byte) 0);
      ByteBuffer segment = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
      segment.putLong(0).putInt(128).putInt(1);
      assertEquals(0, request(driver, 13, 0, driver.queue(0).readable(segment.array())));
      for (int at = 0; at < SIZE; at += PIECE) {
        assertEquals(
            0, request(driver, 0, at / 512, writable(DATA, 1000), writable(DATA + 1000, 3096)));
        assertArrayEquals(Arrays.copyOfRange(expected, at, at + PIECE), ram.bytes(DATA, PIECE));
      }
      assertEquals(0, request(driver, 4, 0));
      driver.awaitReset();
    }
    return expected;
  }

  private static void assertContent(byte[] expected, DiskImage image) throws Exception {
    ByteBuffer content = ByteBuffer.allocate(SIZE);
    image.read(content, 0);
    assertArrayEquals(expected, content.array());
  }

  private static int request(DriverSideDevice driver, long type, long sector, Buffer... data) {
    byte[] header =
        ByteBuffer.allocate(16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt((int) type)
            .putInt(0)
            .putLong(sector)
            .array();
    List<Buffer> chain = new ArrayList<Buffer>();
    chain.add(driver.queue(0).readable(header));
    chain.addAll(List.of(data));
    chain.add(writable(STATUS, 1));
    driver.queue(0).add(chain.toArray(Buffer[]::new));
    driver.notifyOnly(0);
    driver.awaitUsed(0, 1);
    return driver.ram().memory().readU8(STATUS);
  }
}
