package org.vivarium.vmm.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vivarium.vmm.boot.TestKernels.LOAD_ADDRESS;
import static org.vivarium.vmm.boot.TestKernels.MIB;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.images.kernel.UnpackedKernel;
import org.vivarium.vmm.config.BootSource;

class UnpackedLoaderTest extends LoaderTestBase {
  private static final byte[] CODE = {(byte) 0xEB, (byte) 0xFE};
  private static final long RELOCATOR = 0x1_0000;
  private static final long LOAD_FLAGS = 0x7000 + 0x211;
  private static final int KASLR_FLAG = 2;
  private static final long PACKED_ENTRY = LOAD_ADDRESS + 0x200;

  @TempDir private Path folder;
  private Path kernel;
  private Path unpacked;

  @BeforeEach
  void write() throws Exception {
    ByteBuffer image = TestKernels.bzImage();
    kernel = Files.write(folder.resolve("vmlinuz"), image.array());
    unpacked = UnpackedKernel.beside(kernel);
    Files.write(unpacked, TestKernels.unpacked(image, CODE, 1, 2, 3).array());
  }

  private EntryState boot(String line) throws Exception {
    return KernelLoader.load(new BootSource(kernel, null, line), target);
  }

  private EntryState place(@Nullable Path initrd, long number) throws Exception {
    try (ImageFile image = ImageFile.open("Kernel", kernel);
        UnpackedImage form = Objects.requireNonNull(UnpackedImage.beside(kernel, image))) {
      BootImage disk = initrd == null ? null : TestKernels.initrd((int) Files.size(initrd));
      return UnpackedLoader.load(form, new BootFiles(image, disk, ""), target, () -> number);
    }
  }

  private boolean standsAt(long address) {
    return memory.readU16(address + 0x10) == 0xFEEB
        && memory.readU64(address + TestKernels.UNPACKED_WORDS) == 1;
  }

  @Test
  void withoutRandomnessItStandsWhereItIsLinkedForAndIsEnteredThere() throws Exception {
    EntryState entry = boot("quiet nokaslr");

    assertEquals(EntryState.Mode.LONG_64, entry.mode());
    assertEquals(LOAD_ADDRESS + 0x10, entry.rip());
    assertEquals(0x7000, entry.rsi());
    assertTrue(standsAt(LOAD_ADDRESS));
    assertEquals(0, memory.readU8(LOAD_FLAGS) & KASLR_FLAG);
  }

  @Test
  void bothAddressesArePickedAndTheKernelIsTold() throws Exception {
    EntryState entry = place(null, 1);

    assertEquals(RELOCATOR, entry.rip());
    assertTrue(standsAt(LOAD_ADDRESS + 2 * MIB));
    assertEquals(KASLR_FLAG, memory.readU8(LOAD_FLAGS) & KASLR_FLAG);
    // mov rbx, table; mov rdx, base; mov edi, distance
    long table = memory.readU64(RELOCATOR + 2);
    assertEquals(LOAD_ADDRESS + 2 * MIB + TestKernels.UNPACKED_WORDS, addressIn(table, 0));
    assertEquals(LOAD_ADDRESS + 2 * MIB + TestKernels.UNPACKED_WORDS + 8, addressIn(table, 1));
    assertEquals(2 * MIB, memory.readU32(RELOCATOR + 21));
  }

  private long addressIn(long table, int index) {
    return (int) memory.readU32(table + 4L * index) + memory.readU64(RELOCATOR + 12);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 2, 3, 4, 5, 6, 7, 100, Long.MAX_VALUE})
  void whateverIsPickedItFitsBelowTheInitrd(long number) throws Exception {
    Path initrd = Files.write(folder.resolve("initrd"), new byte[3 << 20]);

    EntryState entry = place(initrd, number);

    long table = entry.rip() == RELOCATOR ? memory.readU64(RELOCATOR + 2) : LOAD_ADDRESS;
    long initrdAddress = memory.readU32(0x7000 + 0x218);
    assertEquals((32 - 3) * MIB, initrdAddress);
    assertTrue(table + 12 <= initrdAddress, Long.toHexString(table));
    assertEquals(3, memory.readU8(initrdAddress));
    if (entry.rip() == RELOCATOR) {
      long distance = memory.readU32(RELOCATOR + 21);
      assertTrue(LOAD_ADDRESS + distance + 2 * MIB <= 1L << 30, Long.toHexString(distance));
      assertEquals(0, distance % (2 * MIB));
    }
  }

  @Test
  void addressesDifferFromStartToStart() throws Exception {
    long first = boot("").rip() == RELOCATOR ? memory.readU32(RELOCATOR + 21) : 0;
    for (int i = 0; i < 20; i++) {
      memory.discard(0, memory.size());
      EntryState entry = boot("");
      if (entry.rip() != RELOCATOR || memory.readU32(RELOCATOR + 21) != first) {
        return;
      }
    }
    assertNotEquals(first, first, "Twenty-one starts had the same addresses");
  }

  @ParameterizedTest
  @ValueSource(strings = {"mem=20M", "quiet memmap=1M$16M", "hugepages=1"})
  void aCommandLineThatPlacesTheKernelLeavesThatToIt(String line) throws Exception {
    assertEquals(PACKED_ENTRY, boot(line).rip());
  }

  @Test
  void theFormOfAnotherKernelIsNotUsed() throws Exception {
    byte[] image = Files.readAllBytes(kernel);
    image[image.length - 1] ^= 1;
    Files.write(kernel, image);

    assertEquals(PACKED_ENTRY, boot("").rip());
  }

  @Test
  void aFormThatIsCutOffIsNotUsed() throws Exception {
    byte[] whole = Files.readAllBytes(unpacked);
    for (int length : new int[] {0, 1, 4095, 4096, 8192, whole.length - 1}) {
      Files.write(unpacked, Arrays.copyOf(whole, length));
      assertEquals(PACKED_ENTRY, boot("").rip(), "at " + length);
    }
  }

  @Test
  void aFormThatBelongsToSomebodyElseIsNotUsed() throws Exception {
    if ((int) Files.getAttribute(kernel, "unix:uid") == 0) {
      Files.setAttribute(unpacked, "unix:uid", 1);
    } else {
      Files.delete(unpacked);
      Files.createSymbolicLink(unpacked, Path.of("/bin/sh"));
    }

    assertEquals(PACKED_ENTRY, boot("").rip());
  }

  @Test
  void aFolderOrAPipeInItsPlaceIsNotUsed() throws Exception {
    Files.delete(unpacked);
    Files.createDirectory(unpacked);

    assertEquals(PACKED_ENTRY, boot("").rip());
  }

  @Test
  void aKernelThatJustFitsUnpacksItself() throws Exception {
    byte[] image = Files.readAllBytes(kernel);
    ByteBuffer header = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(0x260, 16 << 20);
    Files.write(kernel, image);
    Files.write(unpacked, TestKernels.unpacked(header, CODE, 1, 2, 3).array());

    assertEquals(PACKED_ENTRY, boot("").rip());
  }

  @Test
  void aKernelThatNamesNoAlignmentUnpacksItself() throws Exception {
    byte[] image = Files.readAllBytes(kernel);
    ByteBuffer header = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(0x230, 0);
    Files.write(kernel, image);
    Files.write(unpacked, TestKernels.unpacked(header, CODE, 1, 2, 3).array());

    assertEquals(PACKED_ENTRY, boot("").rip());
  }

  @Test
  void aKernelThatMayNotMoveUnpacksItself() throws Exception {
    byte[] image = Files.readAllBytes(kernel);
    image[0x234] = 0;
    Files.write(kernel, image);
    Files.write(unpacked, TestKernels.unpacked(ByteBuffer.wrap(image), CODE, 1, 2, 3).array());

    assertEquals(PACKED_ENTRY, boot("").rip());
  }
}
