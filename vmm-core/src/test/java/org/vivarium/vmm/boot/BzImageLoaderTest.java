package org.vivarium.vmm.boot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vivarium.vmm.boot.TestKernels.CODE_SIZE;
import static org.vivarium.vmm.boot.TestKernels.LOAD_ADDRESS;
import static org.vivarium.vmm.boot.TestKernels.MIB;
import static org.vivarium.vmm.boot.TestKernels.SETUP_SIZE;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.vmm.arch.MemoryMap;

class BzImageLoaderTest extends LoaderTestBase {
  private static final long ZERO_PAGE = 0x7000;

  private String refusal(Consumer<ByteBuffer> damage) {
    return refusal(TestKernels.bzImage(), damage);
  }

  @Test
  void entersAtTheSixtyFourBitEntryPoint() throws Exception {
    EntryState entry = load(TestKernels.bzImage(), null, "quiet");

    assertEquals(EntryState.Mode.LONG_64, entry.mode());
    assertEquals(LOAD_ADDRESS + 0x200, entry.rip());
    assertEquals(ZERO_PAGE, entry.rsi());
    assertEquals(0, entry.rbx());
    assertEquals(0x8000_0011L, entry.cr0());
    assertEquals(0x20, entry.cr4());
    assertEquals(0x500, entry.efer());
    assertEquals(0x00AF_9B00_0000_FFFFL, entry.code().descriptor());
    assertEquals(0x10, entry.code().selector());
    assertEquals(0x18, entry.data().selector());
  }

  @Test
  void codeStandsAtItsPreferredAddress() throws Exception {
    ByteBuffer kernel = TestKernels.bzImage();

    load(kernel, null, "");

    byte[] loaded = new byte[CODE_SIZE];
    memory.read(LOAD_ADDRESS, loaded, 0, CODE_SIZE);
    assertArrayEquals(
        Arrays.copyOfRange(kernel.array(), SETUP_SIZE, SETUP_SIZE + CODE_SIZE), loaded);
  }

  @Test
  void zeroPageCarriesHeaderCommandLineInitrdAndRsdp() throws Exception {
    ByteBuffer kernel = TestKernels.bzImage();
    kernel.putLong(0x250, 0xBAD);
    kernel.putInt(0x218, 0xBAD);

    load(kernel, TestKernels.initrd(5000), "console=ttyS0");

    assertEquals(0x5372_6448L, memory.readU32(ZERO_PAGE + 0x202));
    assertEquals(0xFF, memory.readU8(ZERO_PAGE + 0x210));
    assertEquals(0, memory.readU64(ZERO_PAGE + 0x250));
    assertEquals(0xE_0000, memory.readU64(ZERO_PAGE + 0x70));
    assertEquals(5000, memory.readU32(ZERO_PAGE + 0x21C));
    long initrd = memory.readU32(ZERO_PAGE + 0x218);
    assertEquals(32 * MIB - 8192, initrd);
    assertEquals(3, memory.readU8(initrd));
    assertEquals((4999 + 3) & 0xFF, memory.readU8(initrd + 4999));
    long line = memory.readU32(ZERO_PAGE + 0x228);
    byte[] text = new byte[14];
    memory.read(line, text, 0, text.length);
    assertEquals("console=ttyS0\0", new String(text, StandardCharsets.US_ASCII));
    // What lies after the header in the file's sector is code, and is not copied.
    assertEquals(0, memory.readU8(ZERO_PAGE + 0x1F0));
    assertEquals(0, memory.readU32(ZERO_PAGE + 0x26C));
  }

  @Test
  void zeroPageHoldsTheMemoryMap() throws Exception {
    load(TestKernels.bzImage(), null, "");

    List<MemoryMap.Entry> entries = target.map().entries();
    assertEquals(entries.size(), memory.readU8(ZERO_PAGE + 0x1E8));
    for (int i = 0; i < entries.size(); i++) {
      long at = ZERO_PAGE + 0x2D0 + 20L * i;
      assertEquals(entries.get(i).start(), memory.readU64(at));
      assertEquals(entries.get(i).size(), memory.readU64(at + 8));
      assertEquals(entries.get(i).kind().code(), memory.readU32(at + 16));
    }
  }

  @Test
  void rsdpIsLeftOutBeforeProtocolTwoFourteen() throws Exception {
    ByteBuffer kernel = TestKernels.bzImage();
    kernel.putShort(0x206, (short) 0x20D);

    load(kernel, null, "");

    assertEquals(0, memory.readU64(ZERO_PAGE + 0x70));
  }

  @Test
  void pageTablesMapEveryAddressBelowFourGibToItself() throws Exception {
    EntryState entry = load(TestKernels.bzImage(), null, "");

    for (long address = 0; address < 4L << 30; address += 2 * MIB) {
      long pointers = memory.readU64(entry.cr3() + 8 * (address >>> 39)) & ~0xFFFL;
      long directory = memory.readU64(pointers + 8 * ((address >>> 30) & 511)) & ~0xFFFL;
      assertEquals(address | 0x83, memory.readU64(directory + 8 * ((address >>> 21) & 511)));
    }
  }

  @Test
  void descriptorTableHoldsTheSegmentsOfTheEntryState() throws Exception {
    EntryState entry = load(TestKernels.bzImage(), null, "");

    for (Segment segment : List.of(entry.code(), entry.data(), entry.task())) {
      assertEquals(segment.descriptor(), memory.readU64(entry.gdtBase() + segment.selector()));
      assertTrue(segment.selector() + 7 <= entry.gdtLimit());
    }
  }

  @Test
  void initrdStaysBelowTheKernelsLimit() throws Exception {
    ByteBuffer kernel = TestKernels.bzImage();
    kernel.putShort(0x236, (short) 1);
    kernel.putInt(0x22C, 0x13F_F123);

    load(kernel, TestKernels.initrd(4096), "");

    assertEquals(0x13F_E000, memory.readU32(ZERO_PAGE + 0x218));
  }

  /** GHSA-52h2-m2cf-9jh6 (linux-loader): a read past the end of the file that never ends. */
  @Test
  void everyTruncationIsRefused() {
    byte[] whole = TestKernels.bzImage().array();
    for (int length = 1; length < whole.length; length++) {
      ByteBuffer part =
          ByteBuffer.wrap(Arrays.copyOf(whole, length)).order(ByteOrder.LITTLE_ENDIAN);
      String message = TestKernels.refusal(() -> load(part, null, ""));
      assertTrue(message.startsWith("Kernel /k: ") && message.contains("cut off"), message);
    }
  }

  @Test
  void zeroSetupSectorsMeansFour() throws Exception {
    ByteBuffer kernel = TestKernels.littleEndian(5 * 512 + CODE_SIZE);
    kernel.put(0, TestKernels.bzImage(), 0, SETUP_SIZE);
    kernel.put(0x1F1, (byte) 0);
    kernel.put(5 * 512, (byte) 0x5A);

    load(kernel, null, "");

    assertEquals(0x5A, memory.readU8(LOAD_ADDRESS));
  }

  @Test
  void manySetupSectorsInASmallFileAreRefused() {
    assertTrue(refusal(k -> k.put(0x1F1, (byte) 255)).contains("cut off"));
  }

  @Test
  void kernelWithoutSixtyFourBitEntryIsRefused() {
    assertTrue(refusal(k -> k.putShort(0x236, (short) 0)).contains("64-bit entry point"));
    assertTrue(refusal(k -> k.putShort(0x206, (short) 0x20B)).contains("protocol 2.11"));
  }

  @Test
  void shortHeaderIsRefused() {
    assertTrue(refusal(k -> k.put(0x201, (byte) 0x20)).contains("damaged"));
  }

  @Test
  void kernelThatLoadsLowIsRefused() {
    assertTrue(refusal(k -> k.put(0x211, (byte) 0)).contains("damaged"));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 0x7000, 0xF_FFFF, 0xC000_0000L, 1L << 32, Long.MIN_VALUE, -1})
  void addressOutsideLowRamIsRefused(long address) {
    assertTrue(refusal(k -> k.putLong(0x258, address)).contains("between 1 MiB and 3 GiB"));
  }

  @Test
  void hugeInitSizeIsRefused() {
    assertTrue(refusal(k -> k.putInt(0x260, -1)).contains("between 1 MiB and 3 GiB"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0x401, -1})
  void payloadOutsideTheFileIsRefused(int value) {
    assertTrue(refusal(k -> k.putInt(0x248, value)).contains("cut off"));
    assertTrue(refusal(k -> k.putInt(0x24C, value)).contains("cut off"));
  }

  @Test
  void neededMemoryIsNamedAndIsEnough() throws Exception {
    ByteBuffer kernel = TestKernels.bzImage();
    kernel.putInt(0x260, 30 << 20);
    BootImage initrd = TestKernels.initrd(3 << 20);

    String message = TestKernels.refusal(() -> load(kernel, initrd, ""));

    assertEquals(
        "Memory: 32 MiB is too little for /k and /i, which need 49 MiB; choose at least that.",
        message);
    BootTarget larger = TestKernels.target(49);
    try (GuestMemory _ = larger.memory()) {
      KernelLoader.load(new BootFiles(TestKernels.kernel(kernel), initrd, ""), larger);
    }
  }

  @Test
  void neededMemoryOfAKernelAloneIsNamed() {
    assertEquals(
        "Memory: 32 MiB is too little for /k, which needs 36 MiB; choose at least that.",
        refusal(k -> k.putInt(0x260, 20 << 20)));
  }

  /** As crosvm's fe103f047: the size of an initrd. */
  @Test
  void initrdThatNoMachineHoldsIsRefused() {
    ByteBuffer kernel = TestKernels.bzImage();
    kernel.putShort(0x236, (short) 1);
    kernel.putInt(0x22C, 0x120_1FFF);

    String message = TestKernels.refusal(() -> load(kernel, TestKernels.initrd(8193), ""));

    assertTrue(message.startsWith("Initrd /i: "), message);
    assertTrue(message.contains("do not fit between the end of /k"), message);
  }
}
