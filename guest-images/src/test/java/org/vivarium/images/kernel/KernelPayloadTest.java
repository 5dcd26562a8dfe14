package org.vivarium.images.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.airlift.compress.v3.lz4.Lz4JavaCompressor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.images.ImageException;
import org.vivarium.images.deb.DebFixture;

class KernelPayloadTest {
  private static final byte[] ELF = elf(3000);

  /** Something that begins as an ELF file and compresses somewhat. */
  private static byte[] elf(int size) {
    byte[] elf = new byte[size];
    new Random(1).nextBytes(elf);
    for (int i = 0; i < size; i++) {
      elf[i] = i % 100 < 60 ? 0 : elf[i];
    }
    ByteBuffer.wrap(elf).order(ByteOrder.LITTLE_ENDIAN).putInt(0, 0x464c457f);
    return elf;
  }

  private static byte[] lz4(byte[] data) {
    ByteBuffer out = ByteBuffer.allocate(data.length * 2 + 1000).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(Lz4Legacy.MAGIC);
    for (int at = 0; at < data.length; at += 8 << 20) {
      int length = Math.min(8 << 20, data.length - at);
      byte[] block = new byte[length * 2 + 100];
      int packed = new Lz4JavaCompressor().compress(data, at, length, block, 0, block.length);
      out.putInt(packed).put(block, 0, packed);
    }
    return Arrays.copyOf(out.array(), out.position());
  }

  private static byte[] pack(String format, byte[] data) {
    return format.equals("lz4") ? lz4(data) : DebFixture.compress("." + format, data);
  }

  /** A bzImage of one setup sector, with the payload 64 bytes into the protected-mode part. */
  private static byte[] bzImage(byte[] packed, boolean sizeAppended, int size, int initSize) {
    int length = packed.length + (sizeAppended ? 4 : 0);
    ByteBuffer image = ByteBuffer.allocate(2 * 512 + 64 + length).order(ByteOrder.LITTLE_ENDIAN);
    image.put(0x1f1, (byte) 1).putInt(0x202, 0x53726448).putShort(0x206, (short) 0x20f);
    image.putInt(0x248, 64).putInt(0x24c, length).putInt(0x260, initSize);
    image.put(2 * 512 + 64, packed);
    if (sizeAppended) {
      image.putInt(image.capacity() - 4, size);
    }
    return image.array();
  }

  static byte[] bzImage(String format, byte[] data) {
    return bzImage(pack(format, data), !format.equals("gz"), data.length, data.length + 100);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gz", "xz", "lz4", "zst"})
  void theKernelIsUnpackedWhateverTheCompression(String format) throws Exception {
    assertArrayEquals(ELF, KernelPayload.vmlinux(bzImage(format, ELF)));
  }

  @Test
  void anLz4PayloadOfSeveralBlocksIsUnpacked() throws Exception {
    byte[] large = elf((8 << 20) + 5000);

    assertArrayEquals(large, KernelPayload.vmlinux(bzImage("lz4", large)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gz", "xz", "lz4", "zst"})
  void aKernelCutAtAnyLengthIsRefused(String format) {
    byte[] image = bzImage(format, ELF);
    for (int length = 0; length < image.length; length++) {
      byte[] cut = Arrays.copyOf(image, length);
      ImageException e =
          assertThrows(ImageException.class, () -> KernelPayload.vmlinux(cut), "at " + length);
      assertTrue(e.getMessage().startsWith("The kernel"), e.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gz", "xz", "lz4", "zst"})
  void aKernelDamagedAnywhereIsNeverMoreThanItClaims(String format) {
    byte[] image = bzImage(format, ELF);
    for (int at = 1024; at < image.length; at++) {
      byte[] damaged = image.clone();
      damaged[at] ^= 0x55;
      try {
        // Not every format has a checksum.
        assertEquals(ELF.length, KernelPayload.vmlinux(damaged).length);
      } catch (ImageException e) {
        assertTrue(e.getMessage().startsWith("The kernel"), e.getMessage());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"xz", "lz4", "zst"})
  void aPayloadOfAnotherSizeThanClaimedIsRefused(String format) {
    byte[] packed = pack(format, ELF);
    for (int size : new int[] {ELF.length - 1, ELF.length + 1, 64}) {
      byte[] image = bzImage(packed, true, size, 1 << 20);
      assertThrows(ImageException.class, () -> KernelPayload.vmlinux(image), "size " + size);
    }
  }

  @Test
  void aPayloadBeyondInitSizeIsRefusedBeforeItIsUnpacked() {
    byte[] packed = pack("xz", ELF);
    byte[] beyond = bzImage(packed, true, ELF.length, ELF.length - 1);
    byte[] negative = bzImage(packed, true, -1, -1);

    assertThrows(ImageException.class, () -> KernelPayload.vmlinux(beyond));
    assertThrows(ImageException.class, () -> KernelPayload.vmlinux(negative));
  }

  @Test
  void anUnknownCompressionIsNamed() {
    byte[] image = bzImage(new byte[200], true, 1000, 2000);

    ImageException e = assertThrows(ImageException.class, () -> KernelPayload.vmlinux(image));

    assertTrue(e.getMessage().contains("magic 0x00000000"), e.getMessage());
  }

  @Test
  void somethingElseInThePayloadIsRefused() {
    byte[] image = bzImage("xz", new byte[1000]);

    ImageException e = assertThrows(ImageException.class, () -> KernelPayload.vmlinux(image));

    assertTrue(e.getMessage().contains("not an ELF"), e.getMessage());
  }

  @Test
  void somethingElseIsRefused() {
    byte[] old = bzImage("xz", ELF);
    old[0x206] = 0x09;

    assertThrows(ImageException.class, () -> KernelPayload.vmlinux(new byte[0]));
    assertThrows(ImageException.class, () -> KernelPayload.vmlinux(new byte[1 << 16]));
    assertThrows(ImageException.class, () -> KernelPayload.vmlinux(old));
  }

  /** Whatever the bytes: an ELF file no larger than init_size, or one kind of refusal. */
  @FuzzTest(maxDuration = "60s")
  void anyBytesAreUnpackedOrRefused(byte[] bytes) {
    try {
      byte[] elf = KernelPayload.vmlinux(bytes);
      int initSize = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(0x260);
      assertTrue(elf.length <= Integer.toUnsignedLong(initSize));
    } catch (ImageException e) {
      assertTrue(e.getMessage().startsWith("The kernel"), e.getMessage());
    }
  }
}
