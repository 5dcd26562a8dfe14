package org.vivarium.devices.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.readable;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.writable;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Buffer;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.testing.ManualLoop;
import org.vivarium.images.disk.BlockFile;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.RawImage;
import org.vivarium.images.qcow2.Qcow2Creator;
import org.vivarium.images.qcow2.Qcow2Image;

/** What goes to the kernel by io_uring, what does not, and what becomes of its failures. */
class BlkRingTest {
  private static final int SIZE = 1 << 20;
  private static final long DATA = 0x10_0000;
  private static final long STATUS = 0xF_F000;

  @TempDir private Path folder;
  private final GuestRam ram = new GuestRam();
  private final ManualLoop loop = new ManualLoop();
  private final List<AutoCloseable> opened = new ArrayList<>();
  private final AtomicInteger executed = new AtomicInteger();
  private @Nullable DriverSideDevice plugged;

  @AfterEach
  void close() throws Exception {
    if (plugged != null) {
      plugged.awaitReset();
    }
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
    ram.close();
  }

  @Test
  void rawImageLeavesReadsAndWritesToTheKernel() throws Exception {
    plugIn(raw(), null);
    ram.fill(DATA, 8192, 9);

    int written = request(1, 8, readable(DATA, 4096), readable(DATA + 4096, 4096));
    ram.fill(DATA, 8192, 0);
    int read = request(0, 8, writable(DATA + 1, 512), writable(DATA + 1024, 7680));

    assertEquals(0, written);
    assertEquals(0, read);
    assertEquals(9, ram.memory().readU8(DATA + 1));
    assertEquals(9, ram.memory().readU8(DATA + 1024 + 7679));
    assertEquals(0, ram.memory().readU8(DATA + 1024 + 7680));
    assertEquals(0, executed.get());
  }

  @Test
  void imageExecutesWhatIsNeitherReadNorWrite() throws Exception {
    plugIn(raw(), null);

    assertEquals(0, request(4, 0));
    assertEquals(1, executed.get());
  }

  @Test
  void writesOfADriverThatCannotFlushAreFlushedByTheImage() throws Exception {
    plugIn(raw(), null);
    driver().awaitReset();
    driver().start(0);

    assertEquals(0, request(1, 0, readable(DATA, 512)));
    assertEquals(2, executed.get());
  }

  @Test
  void qcow2LeavesToTheKernelWhatIsAllocated() throws Exception {
    Path file = folder.resolve("disk.qcow2");
    Qcow2Creator.create(file, Qcow2Creator.Spec.of(SIZE));
    plugIn(Qcow2Image.open(file, DiskOptions.readWrite()), null);

    assertEquals(0, request(0, 0, writable(DATA, 512)));
    assertEquals(1, executed.get());
    assertEquals(0, request(1, 0, readable(DATA, 512)));
    assertEquals(2, executed.get());
    assertEquals(0, request(1, 1, readable(DATA, 4096)));
    assertEquals(0, request(0, 1, writable(DATA, 4096)));
    assertEquals(2, executed.get());
    // The second cluster is not allocated, so a request over both is the image's.
    assertEquals(0, request(0, 127, writable(DATA, 1024)));
    assertEquals(3, executed.get());
  }

  @Test
  void shortReadIsDoneAgainByTheImage() throws Exception {
    Path file = rawFile();
    plugIn(RawImage.open(file, DiskOptions.readWrite()), null);
    try (var channel = Files.newByteChannel(file, StandardOpenOption.WRITE)) {
      channel.truncate(SIZE / 2 + 100);
    }
    ram.fill(DATA, 4096, 7);

    int status = request(0, SIZE / 2 / 512, writable(DATA, 4096));

    assertEquals(0, status);
    assertArrayEquals(new byte[4096], ram.bytes(DATA, 4096));
    assertEquals(1, executed.get());
  }

  @Test
  void failureOfTheKernelIsDoneAgainByTheImage() throws Exception {
    plugIn(raw(), full());
    ram.fill(DATA, 512, 5);

    int status = request(1, 0, readable(DATA, 512));

    assertEquals(0, status);
    assertEquals(1, executed.get());
  }

  @Test
  void failureOfBothIsAnIoErrorAndTheDeviceGoesOn() throws Exception {
    DiskImage image = raw();
    DiskImage failing =
        intercept(
            image,
            "write",
            () -> {
              throw new IOException("No space left");
            });
    plugIn(failing, full());

    assertEquals(1, request(1, 0, readable(DATA, 512)));
    assertEquals(1, request(1, 8, readable(DATA, 512)));
    assertEquals(0, request(4, 0));
  }

  @Test
  void mappingThatFailsIsTheImagesToReport() throws Exception {
    DiskImage image =
        intercept(
            raw(),
            "map",
            () -> {
              throw new IOException("Corrupt");
            });
    plugIn(image, null);

    assertEquals(0, request(0, 0, writable(DATA, 512)));
    assertEquals(1, executed.get());
  }

  @Test
  void resetWaitsForWhatTheKernelHas() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    plugIn(raw(), pipe);
    ram.fill(DATA, 512, 0);
    submit(0, 0, writable(DATA, 512));
    loop.run();

    driver().setStatus(0);
    loop.run();
    int during = driver().status();
    try (OutputStream out = Files.newOutputStream(pipe)) {
      byte[] bytes = new byte[512];
      Arrays.fill(bytes, (byte) 3);
      out.write(bytes);
      out.flush();
      driver().awaitReset();
    }

    assertNotEquals(0, during);
    assertEquals(3, ram.memory().readU8(DATA + 511));
    assertEquals(0, executed.get());
  }

  @Test
  void writeThatTakesLongHoldsNobodyUp() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    plugIn(raw(), pipe);
    // As much as a pipe takes; the next one waits for a reader.
    assertEquals(0, request(1, 0, readable(DATA, 65536)));
    submit(1, 0, readable(DATA, 4096));
    loop.run();

    for (int i = 0; i < 10; i++) {
      assertEquals(0, request(4, 0));
    }
    int during = driver().queue(0).usedIndex();
    try (InputStream in = Files.newInputStream(pipe)) {
      assertEquals(65536 + 4096, in.readNBytes(65536 + 4096).length);
      driver().awaitUsed(0, 1);
    }

    assertEquals(11, during);
    assertEquals(10, executed.get());
  }

  @Test
  void manyRequestsAtOnceGiveOneInterrupt() throws Exception {
    plugIn(raw(), null);
    for (int i = 0; i < 4; i++) {
      chain(0, 8L * i, writable(DATA + 4096L * i, 4096));
    }
    driver().notifyOnly(0);
    assertEquals(4, driver().awaitUsed(0, 4).size());
    loop.run();

    assertTrue(driver().msix().take(1) <= 2);
    assertEquals(0, executed.get());
  }

  private Path rawFile() throws IOException {
    Path file = folder.resolve("disk.raw");
    Files.write(file, new byte[SIZE]);
    return file;
  }

  private DiskImage raw() throws IOException {
    return RawImage.open(rawFile(), DiskOptions.readWrite());
  }

  /** A file that the kernel never has space for. */
  private static Path full() {
    return Path.of("/dev/full");
  }

  /**
   * Plugs a disk in that counts what the image itself executes.
   *
   * @param other file that the kernel is sent to in place of the image's own, or null
   */
  private void plugIn(DiskImage image, @Nullable Path other) throws Exception {
    opened.add(image);
    DiskImage counted = image;
    for (String method : List.of("read", "write", "flush", "discard", "writeZeroes")) {
      counted = intercept(counted, method, executed::incrementAndGet);
    }
    BlkDevice device =
        new BlkDevice(
            "test",
            BlkConfig.of("ring"),
            counted,
            loop,
            (thread, error) -> {
              throw new AssertionError(error);
            });
    opened.add(Rings.accelerate(device, other == null ? counted : at(counted, other)));
    opened.add(device);
    DriverSideDevice driver = new DriverSideDevice(ram, loop, device);
    plugged = driver;
    opened.add(driver);
    driver.start();
  }

  private interface Before {
    void run() throws IOException;
  }

  /** An image that does something before a method. */
  private static DiskImage intercept(DiskImage image, String name, Before before) {
    return proxy(
        (_, method, arguments) -> {
          if (method.getName().equals(name)) {
            before.run();
          }
          return call(image, method, arguments);
        });
  }

  /** An image that says that it lies in another file. */
  private static DiskImage at(DiskImage image, Path other) {
    return proxy(
        (_, method, arguments) -> {
          if (!method.getName().equals("files")) {
            return call(image, method, arguments);
          }
          BlockFile file = image.files().getFirst();
          return List.of(
              Proxy.newProxyInstance(
                  BlkRingTest.class.getClassLoader(),
                  new Class<?>[] {BlockFile.class},
                  (_, inner, values) ->
                      inner.getName().equals("path") ? other : call(file, inner, values)));
        });
  }

  private static DiskImage proxy(InvocationHandler handler) {
    return (DiskImage)
        Proxy.newProxyInstance(
            BlkRingTest.class.getClassLoader(), new Class<?>[] {DiskImage.class}, handler);
  }

  private static Object call(Object target, Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private DriverSideDevice driver() {
    return Objects.requireNonNull(plugged);
  }

  private int request(long type, long sector, Buffer... data) {
    submit(type, sector, data);
    driver().awaitUsed(0, 1);
    return ram.memory().readU8(STATUS);
  }

  private void submit(long type, long sector, Buffer... data) {
    chain(type, sector, data);
    driver().notifyOnly(0);
  }

  private void chain(long type, long sector, Buffer... data) {
    byte[] header =
        ByteBuffer.allocate(16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt((int) type)
            .putInt(0)
            .putLong(sector)
            .array();
    List<Buffer> all = new ArrayList<>();
    all.add(driver().queue(0).readable(header));
    all.addAll(Arrays.asList(data));
    all.add(writable(STATUS, 1));
    driver().queue(0).add(all.toArray(Buffer[]::new));
  }
}
