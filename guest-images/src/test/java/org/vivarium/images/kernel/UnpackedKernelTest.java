package org.vivarium.images.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.ImageException;

class UnpackedKernelTest {
  private static final long PHYSICAL = 0x100_0000;
  private static final long VIRTUAL = 0xFFFF_FFFF_8100_0000L;
  private static final int TEXT = 0x3100;
  private static final int DATA_OFFSET = 0x20_0000;
  private static final int DATA = 300 << 10;
  private static final int DATA_IN_MEMORY = DATA + 5000;
  private static final int SIZE = DATA_OFFSET + DATA_IN_MEMORY;
  private static final int HEADERS = 64 + 2 * 56;

  @TempDir private Path folder;

  /** What memory holds once the kernel is there. */
  private static byte[] memory() {
    byte[] memory = new byte[SIZE];
    Random random = new Random(2);
    byte[] text = new byte[TEXT];
    random.nextBytes(text);
    System.arraycopy(text, 0, memory, 0, TEXT);
    byte[] data = new byte[DATA];
    random.nextBytes(data);
    // A gap that is left out, and one that is not.
    Arrays.fill(data, 20_000, 20_000 + (100 << 10), (byte) 0);
    Arrays.fill(data, 200_000, 200_000 + (20 << 10), (byte) 0);
    System.arraycopy(data, 0, memory, DATA_OFFSET, DATA);
    return memory;
  }

  /** A kernel of two segments with relocations behind it, which begin with a zero. */
  private static byte[] vmlinux(int... relocations) {
    ByteBuffer elf =
        ByteBuffer.allocate(HEADERS + TEXT + DATA + relocations.length * 4)
            .order(ByteOrder.LITTLE_ENDIAN);
    elf.putInt(0, 0x464c457f);
    elf.putLong(24, PHYSICAL + 0x40).putLong(32, 64).putLong(40, HEADERS + TEXT + DATA);
    elf.putShort(54, (short) 56).putShort(56, (short) 2);
    segment(elf, 0, HEADERS, 0, TEXT, TEXT);
    segment(elf, 1, HEADERS + TEXT, DATA_OFFSET, DATA, DATA_IN_MEMORY);
    byte[] memory = memory();
    elf.put(HEADERS, memory, 0, TEXT).put(HEADERS + TEXT, memory, DATA_OFFSET, DATA);
    for (int i = 0; i < relocations.length; i++) {
      elf.putInt(HEADERS + TEXT + DATA + i * 4, relocations[i]);
    }
    return elf.array();
  }

  private static void segment(
      ByteBuffer elf, int index, int position, int offset, int size, int memorySize) {
    int at = 64 + index * 56;
    elf.putInt(at, 1).putLong(at + 8, position).putLong(at + 16, VIRTUAL + offset);
    elf.putLong(at + 24, PHYSICAL + offset).putLong(at + 32, size).putLong(at + 40, memorySize);
  }

  private static int address(int offset) {
    return (int) VIRTUAL + offset;
  }

  private static byte[] bzImage(byte[] vmlinux) {
    return KernelPayloadTest.bzImage("lz4", vmlinux);
  }

  private byte[] unpack(byte[] bzImage) throws Exception {
    Path file = folder.resolve("vmlinuz.unpacked");
    Files.deleteIfExists(file);
    KernelUnpacker.write(bzImage, file);
    return Files.readAllBytes(file);
  }

  private static UnpackedKernel read(byte[] file) {
    return Objects.requireNonNull(
        UnpackedKernel.read(ByteBuffer.wrap(file, 0, UnpackedKernel.PAGE), file.length));
  }

  private static int[] ints(byte[] file, UnpackedKernel.Relocations lists) {
    int[] words = new int[(int) lists.length() / 4];
    ByteBuffer.wrap(file)
        .order(ByteOrder.LITTLE_ENDIAN)
        .position((int) lists.position())
        .asIntBuffer()
        .get(words);
    return words;
  }

  @Test
  void theHeaderTellsWhatGoesWhere() throws Exception {
    byte[] file =
        unpack(bzImage(vmlinux(0, address(8), address(16), 0, address(24), 0, address(32))));

    UnpackedKernel kernel = read(file);
    assertEquals(PHYSICAL, kernel.physicalBase());
    assertEquals(VIRTUAL, kernel.virtualBase());
    assertEquals(SIZE, kernel.size());
    assertEquals(0x40, kernel.entry());
    byte[] memory = new byte[SIZE];
    long copied = 0;
    for (UnpackedKernel.Run run : kernel.runs()) {
      assertEquals(0, run.position() % UnpackedKernel.PAGE);
      System.arraycopy(file, (int) run.position(), memory, (int) run.offset(), (int) run.length());
      copied += run.length();
    }
    assertArrayEquals(memory(), memory);
    assertEquals(3, kernel.runs().size());
    assertTrue(copied < TEXT + DATA - (90 << 10), copied + " bytes");
    UnpackedKernel.Relocations lists = kernel.relocations();
    assertEquals(2, lists.words64());
    assertEquals(1, lists.inverse32());
    assertEquals(1, lists.words32());
    assertArrayEquals(
        new int[] {address(8), address(16), address(24), address(32)}, ints(file, lists));
  }

  @Test
  void kernelsSince615HaveNoInverseRelocations() throws Exception {
    byte[] file = unpack(bzImage(vmlinux(0, address(8), 0, address(24), address(32))));

    UnpackedKernel.Relocations lists = read(file).relocations();
    assertEquals(1, lists.words64());
    assertEquals(0, lists.inverse32());
    assertEquals(2, lists.words32());
  }

  @Test
  void theKernelItWasMadeOfIsKnownAgain() throws Exception {
    byte[] image = bzImage(vmlinux(0, 0, address(8)));
    ByteBuffer header = ByteBuffer.wrap(unpack(image), 0, UnpackedKernel.PAGE);

    assertTrue(isOf(header, image));
    for (int at : new int[] {0, 1023, image.length - 64, image.length - 1}) {
      byte[] other = image.clone();
      other[at] ^= 1;
      assertFalse(isOf(header, other), "changed at " + at);
    }
    assertFalse(isOf(header, Arrays.copyOf(image, image.length + 1)));
  }

  private static boolean isOf(ByteBuffer header, byte[] image) {
    ByteBuffer bytes = ByteBuffer.wrap(image);
    return UnpackedKernel.isOf(
        header,
        image.length,
        bytes.slice(0, UnpackedKernel.START_BYTES),
        bytes.slice(image.length - UnpackedKernel.END_BYTES, UnpackedKernel.END_BYTES));
  }

  @Test
  void aHeaderThatWasDamagedNeverNamesWhatTheFileDoesNotHold() throws Exception {
    byte[] file = unpack(bzImage(vmlinux(0, 0, address(8))));
    Random random = new Random(3);
    for (int i = 0; i < 20_000; i++) {
      byte[] header = Arrays.copyOf(file, UnpackedKernel.PAGE);
      header[random.nextInt(UnpackedKernel.PAGE)] = (byte) random.nextInt();
      header[random.nextInt(64)] = (byte) random.nextInt();
      UnpackedKernel kernel = UnpackedKernel.read(ByteBuffer.wrap(header), file.length);
      if (kernel != null) {
        for (UnpackedKernel.Run run : kernel.runs()) {
          assertTrue(run.offset() >= 0 && run.offset() + run.length() <= kernel.size());
          assertTrue(run.position() >= 0 && run.position() + run.length() <= file.length);
        }
        UnpackedKernel.Relocations lists = kernel.relocations();
        assertTrue(lists.position() >= 0 && lists.position() + lists.length() <= file.length);
        assertTrue(kernel.entry() < kernel.size() && kernel.size() <= UnpackedKernel.MOST_SIZE);
      }
    }
    assertNull(UnpackedKernel.read(ByteBuffer.wrap(file, 0, UnpackedKernel.PAGE), file.length - 1));
    assertNull(UnpackedKernel.read(ByteBuffer.allocate(100), 100));
  }

  @Test
  void aKernelThatCannotBeMovedIsLeftPacked() {
    int outside = address(SIZE - 7);
    for (int[] lists :
        new int[][] {
          {}, {0}, {address(8), 0, 0}, {0, 0, 0, 0}, {0, 0, outside}, {0, 0, address(-1)}
        }) {
      ImageException e = assertThrows(ImageException.class, () -> unpack(bzImage(vmlinux(lists))));
      assertTrue(e.getMessage().startsWith("The kernel"), e.getMessage());
      assertFalse(Files.exists(folder.resolve("vmlinuz.unpacked")));
    }
  }

  @Test
  void damagedElfHeadersAreRefusedOrHarmless() throws Exception {
    byte[] whole = vmlinux(0, 0, address(8));
    for (int at = 4; at < HEADERS; at++) {
      for (byte value : new byte[] {0, 1, 0x7F, (byte) 0xFF}) {
        byte[] damaged = whole.clone();
        damaged[at] = value;
        byte[] image = bzImage(damaged);
        try {
          assertNotNull(read(unpack(image)));
        } catch (ImageException e) {
          assertTrue(e.getMessage().startsWith("The kernel"), e.getMessage());
        }
      }
    }
  }
}
