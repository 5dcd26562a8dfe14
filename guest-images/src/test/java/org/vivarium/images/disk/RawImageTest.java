package org.vivarium.images.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RawImageTest {
  private static final int SIZE = 1 << 20;

  @TempDir Path folder;
  private Path path;

  @BeforeEach
  void create() throws IOException {
    path = folder.resolve("disk.raw");
    RawImage.create(path, SIZE);
  }

  private static byte[] read(DiskImage image, long offset, int length) throws IOException {
    ByteBuffer b = ByteBuffer.allocate(length);
    image.read(b, offset);
    return b.array();
  }

  @Test
  void scatteredWriteReadsBackGathered() throws IOException {
    try (RawImage image = RawImage.open(path, DiskOptions.readWrite())) {
      ByteBuffer[] out = {
        ByteBuffer.allocateDirect(3).put(new byte[] {1, 2, 3}).flip(),
        ByteBuffer.allocate(0),
        ByteBuffer.wrap(new byte[] {4, 5})
      };
      image.write(out, 0, 3, 700);

      ByteBuffer[] in = {ByteBuffer.allocateDirect(1), ByteBuffer.allocate(4)};
      image.read(in, 0, 2, 700);

      assertEquals(1, in[0].get(0));
      assertArrayEquals(new byte[] {2, 3, 4, 5}, in[1].array());
    }
  }

  @Test
  void contentThatLooksLikeQcow2IsOnlyContent() throws IOException {
    try (RawImage image = RawImage.open(path, DiskOptions.readWrite())) {
      image.write(ByteBuffer.wrap(new byte[] {'Q', 'F', 'I', (byte) 0xFB, 0, 0, 0, 3}), 0);
    }

    try (RawImage image = RawImage.open(path, DiskOptions.readWrite())) {
      assertEquals(SIZE, image.size());
      assertArrayEquals(new byte[] {'Q', 'F', 'I', (byte) 0xFB}, read(image, 0, 4));
    }
  }

  @Test
  void rangesBeyondTheDiskAreRefused() throws IOException {
    try (RawImage image = RawImage.open(path, DiskOptions.readWrite())) {
      ByteBuffer b = ByteBuffer.allocate(512);
      for (long offset : new long[] {-1, SIZE - 511, SIZE, Long.MAX_VALUE, Long.MIN_VALUE}) {
        assertThrows(DiskImageException.class, () -> image.read(b, offset));
        assertThrows(DiskImageException.class, () -> image.write(b, offset));
        assertThrows(DiskImageException.class, () -> image.discard(offset, 512));
        assertThrows(DiskImageException.class, () -> image.writeZeroes(offset, 512, true));
      }
      assertThrows(DiskImageException.class, () -> image.discard(512, Long.MAX_VALUE));
      assertThrows(DiskImageException.class, () -> image.discard(0, -1));
    }
  }

  @Test
  void readOnlyDiskRefusesEveryChange() throws IOException {
    try (RawImage image = RawImage.open(path, DiskOptions.readOnlyAccess())) {
      ByteBuffer b = ByteBuffer.allocate(1);
      assertTrue(image.isReadOnly());
      assertThrows(DiskImageException.class, () -> image.write(b, 0));
      assertThrows(DiskImageException.class, () -> image.discard(0, 512));
      assertThrows(DiskImageException.class, () -> image.writeZeroes(0, 512, false));
      assertThrows(DiskImageException.class, () -> image.resize(5));
      image.flush();
    }
  }

  @Test
  void writeZeroesWorksWithAndWithoutHoles() throws IOException {
    for (HolePuncher puncher : List.of(HolePuncher.NONE, zeroing(new ArrayList<>()))) {
      try (RawImage image = RawImage.open(path, DiskOptions.readWrite().withPuncher(puncher))) {
        byte[] ones = new byte[SIZE];
        java.util.Arrays.fill(ones, (byte) 1);
        image.write(ByteBuffer.wrap(ones), 0);

        image.writeZeroes(1000, 600_000, true);
        image.writeZeroes(700_000, 10, false);

        java.util.Arrays.fill(ones, 1000, 601_000, (byte) 0);
        java.util.Arrays.fill(ones, 700_000, 700_010, (byte) 0);
        assertArrayEquals(ones, read(image, 0, SIZE));
      }
    }
  }

  @Test
  void discardPunchesTheRange() throws IOException {
    List<String> punched = new ArrayList<>();
    DiskOptions options = DiskOptions.readWrite().withPuncher(zeroing(punched));
    try (RawImage image = RawImage.open(path, options)) {
      image.discard(4096, 8192);
      image.discard(0, 0);
    }

    assertEquals(List.of("4096+8192"), punched);
  }

  /** A puncher for tests that writes zeros in place of making holes. */
  private static HolePuncher zeroing(List<String> log) {
    return file ->
        new HolePuncher.Hole() {
          @Override
          public boolean punch(long offset, long length) throws IOException {
            log.add(offset + "+" + length);
            try (ChannelBlockFile f = ChannelBlockFile.open(file, false, HolePuncher.NONE)) {
              Zeros.write(f, offset, length);
            }
            return true;
          }

          @Override
          public void close() {}
        };
  }

  @Test
  void resizeKeepsContentAndGainsZeros() throws IOException {
    try (RawImage image = RawImage.open(path, DiskOptions.readWrite())) {
      image.write(ByteBuffer.wrap(new byte[] {9, 9}), 998);

      image.resize(999);
      image.resize(3000);

      assertEquals(3000, image.size());
      assertArrayEquals(new byte[] {9, 0, 0}, read(image, 998, 3));
      assertThrows(DiskImageException.class, () -> image.resize(-1));
    }
    assertEquals(3000, Files.size(path));
  }

  @Test
  void whatIsNoDiskIsRefusedBeforeItIsOpened() throws Exception {
    Path fifo = folder.resolve("fifo");
    assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
    for (Path p : List.of(folder, fifo, Path.of("/dev/null"), folder.resolve("missing"))) {
      DiskImageException e =
          assertThrows(DiskImageException.class, () -> RawImage.open(p, DiskOptions.readWrite()));
      assertTrue(String.valueOf(e.getMessage()).contains(p.toString()), e.toString());
    }
  }

  @Test
  void createNeitherOverwritesNorTakesNegativeSizes() {
    assertThrows(FileAlreadyExistsException.class, () -> RawImage.create(path, 5));
    Path other = folder.resolve("other");
    assertThrows(DiskImageException.class, () -> RawImage.create(other, -1));
    assertFalse(Files.exists(other));
  }

  @Test
  void noWriteIsTakenAfterAFailedSync() throws IOException {
    BlockFile real = ChannelBlockFile.open(path, false, HolePuncher.NONE);
    boolean[] broken = {true};
    BlockFile failing =
        new ForwardingBlockFile(real) {
          @Override
          public void sync() throws IOException {
            if (broken[0]) {
              throw new IOException("Input/output error");
            }
            super.sync();
          }
        };
    RawImage image = new RawImage(failing, () -> {});
    assertThrows(IOException.class, image::flush);
    broken[0] = false;

    assertThrows(DiskImageException.class, image::flush);
    assertThrows(DiskImageException.class, () -> image.write(ByteBuffer.allocate(1), 0));
    assertArrayEquals(new byte[] {0}, read(image, 0, 1));
    assertThrows(DiskImageException.class, image::close);
  }

  /** Nothing is mapped, so nothing can be torn away from under this process. */
  @Test
  void fileThatIsCutOffMeanwhileReadsAsZerosBeyondItsEnd() throws IOException {
    try (RawImage image = RawImage.open(path, DiskOptions.readWrite());
        FileChannel other = FileChannel.open(path, StandardOpenOption.WRITE)) {
      other.truncate(4096);

      assertArrayEquals(new byte[512], read(image, 8192, 512));
      image.write(ByteBuffer.wrap(new byte[] {7}), SIZE - 1);

      assertArrayEquals(new byte[] {7}, read(image, SIZE - 1, 1));
    }
  }

  @Test
  void fileThatIsDeletedMeanwhileWorksUntilItIsClosed() throws IOException {
    try (RawImage image = RawImage.open(path, DiskOptions.readWrite())) {
      Files.delete(path);

      image.write(ByteBuffer.wrap(new byte[] {7}), 700);
      image.flush();

      assertArrayEquals(new byte[] {7}, read(image, 700, 1));
    }
  }
}
