package org.vivarium.vmm.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vivarium.vmm.boot.TestKernels.ELF_NOTE;
import static org.vivarium.vmm.boot.TestKernels.ELF_SEGMENT;
import static org.vivarium.vmm.boot.TestKernels.ELF_SEGMENT_FILE_SIZE;
import static org.vivarium.vmm.boot.TestKernels.LOAD_ADDRESS;
import static org.vivarium.vmm.boot.TestKernels.MIB;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.arch.MemoryMap;

class ElfLoaderTest extends LoaderTestBase {
  private static final long START_INFO = 0x6000;
  private static final int LOAD = 64;
  private static final int NOTE = 64 + 56;

  private String refusal(Consumer<ByteBuffer> damage) {
    return refusal(TestKernels.elf(), damage);
  }

  @Test
  void entersInProtectedModeWithoutPaging() throws Exception {
    EntryState entry = load(TestKernels.elf(), null, "");

    assertEquals(EntryState.Mode.PROTECTED_32, entry.mode());
    assertEquals(LOAD_ADDRESS + 0x10, entry.rip());
    assertEquals(START_INFO, entry.rbx());
    assertEquals(0, entry.rsi());
    assertEquals(0x11, entry.cr0());
    assertEquals(0, entry.cr3());
    assertEquals(0, entry.cr4());
    assertEquals(0, entry.efer());
    // Flat 32-bit code up to 4 GiB, and a busy TSS of 0x68 bytes.
    assertEquals(0x00CF_9B00_0000_FFFFL, entry.code().descriptor());
    assertEquals(0x0000_8B00_0000_0067L, entry.task().descriptor());
  }

  @Test
  void segmentStandsAtItsPhysicalAddress() throws Exception {
    ByteBuffer kernel = TestKernels.elf();

    load(kernel, null, "");

    for (int i = 0; i < ELF_SEGMENT_FILE_SIZE; i++) {
      assertEquals(kernel.get(ELF_SEGMENT + i) & 0xFF, memory.readU8(LOAD_ADDRESS + i));
    }
    assertEquals(0, memory.readU8(LOAD_ADDRESS + ELF_SEGMENT_FILE_SIZE));
  }

  @Test
  void startInfoCarriesModuleCommandLineRsdpAndMemoryMap() throws Exception {
    load(TestKernels.elf(), TestKernels.initrd(100), "a=b");

    assertEquals(0x336E_C578L, memory.readU32(START_INFO));
    assertEquals(1, memory.readU32(START_INFO + 4));
    assertEquals(1, memory.readU32(START_INFO + 12));
    long module = memory.readU64(START_INFO + 16);
    assertEquals(32 * MIB - 4096, memory.readU64(module));
    assertEquals(100, memory.readU64(module + 8));
    assertEquals(3, memory.readU8(32 * MIB - 4096));
    assertEquals(0x00_62_3D_61L, memory.readU32(memory.readU64(START_INFO + 24)));
    assertEquals(0xE_0000, memory.readU64(START_INFO + 32));
    List<MemoryMap.Entry> entries = target.map().entries();
    assertEquals(entries.size(), memory.readU32(START_INFO + 48));
    long table = memory.readU64(START_INFO + 40);
    for (int i = 0; i < entries.size(); i++) {
      assertEquals(entries.get(i).start(), memory.readU64(table + 24L * i));
      assertEquals(entries.get(i).size(), memory.readU64(table + 24L * i + 8));
      assertEquals(entries.get(i).kind().code(), memory.readU32(table + 24L * i + 16));
    }
  }

  @Test
  void noInitrdMeansNoModule() throws Exception {
    load(TestKernels.elf(), null, "");

    assertEquals(0, memory.readU32(START_INFO + 12));
    assertEquals(0, memory.readU64(START_INFO + 16));
  }

  @Test
  void entryOfFourBytesIsRead() throws Exception {
    ByteBuffer kernel = TestKernels.elf();
    kernel.putInt(ELF_NOTE + 4, 4);
    kernel.putLong(ELF_NOTE + 16, LOAD_ADDRESS + 0x20 | 0xFFFF_FFFF_0000_0000L);

    assertEquals(LOAD_ADDRESS + 0x20, load(kernel, null, "").rip());
  }

  @Test
  void noteIsFoundAfterOthers() throws Exception {
    ByteBuffer kernel = TestKernels.elf();
    // "GNU", 5 bytes that are padded to 8, then the Xen note of 24 bytes.
    kernel.put(ELF_NOTE + 24, kernel, ELF_NOTE, 24);
    kernel.putInt(ELF_NOTE + 4, 5);
    kernel.putInt(ELF_NOTE + 8, 18);
    kernel.put(ELF_NOTE + 12, new byte[] {'G', 'N', 'U', 0});
    kernel.putLong(NOTE + 32, 48);

    assertEquals(LOAD_ADDRESS + 0x10, load(kernel, null, "").rip());
  }

  @Test
  void noteIsFoundThroughSectionHeaders() throws Exception {
    ByteBuffer kernel = TestKernels.elf();
    kernel.putInt(NOTE, 0);
    kernel.putLong(40, 0x140);
    kernel.putShort(58, (short) 64);
    kernel.putShort(60, (short) 1);
    kernel.putInt(0x140 + 4, 7);
    kernel.putLong(0x140 + 24, ELF_NOTE);
    kernel.putLong(0x140 + 32, 24);

    assertEquals(LOAD_ADDRESS + 0x10, load(kernel, null, "").rip());
  }

  @Test
  void everyTruncationIsRefused() {
    byte[] whole = TestKernels.elf().array();
    for (int length = 1; length < whole.length; length++) {
      ByteBuffer part =
          ByteBuffer.wrap(Arrays.copyOf(whole, length)).order(ByteOrder.LITTLE_ENDIAN);
      String message = TestKernels.refusal(() -> load(part, null, ""));
      assertTrue(message.startsWith("Kernel /k: ") && message.contains("cut off"), message);
    }
  }

  @Test
  void otherProgramsAreRefused() {
    assertTrue(refusal(k -> k.put(4, (byte) 1)).contains("not an x86-64 ELF"));
    assertTrue(refusal(k -> k.put(5, (byte) 2)).contains("not an x86-64 ELF"));
    assertTrue(refusal(k -> k.putShort(18, (short) 183)).contains("not an x86-64 ELF"));
    assertTrue(refusal(k -> k.putShort(16, (short) 1)).contains("not an x86-64 ELF"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 257, 65535})
  void numberOfProgramHeadersIsChecked(int count) {
    assertTrue(refusal(k -> k.putShort(56, (short) count)).contains(count + " program headers"));
  }

  @ParameterizedTest
  @ValueSource(longs = {0x280, -1, Long.MIN_VALUE, Long.MAX_VALUE})
  void programHeadersOutsideTheFileAreRefused(long offset) {
    assertTrue(refusal(k -> k.putLong(32, offset)).contains("program header table"));
  }

  @Test
  void programHeadersOfAnotherSizeAreRefused() {
    assertTrue(refusal(k -> k.putShort(54, (short) 0)).contains("56 bytes"));
  }

  @Test
  void segmentLargerInTheFileThanInMemoryIsRefused() {
    assertTrue(refusal(k -> k.putLong(LOAD + 40, 0x7F)).contains("larger in the file"));
  }

  @ParameterizedTest
  @ValueSource(longs = {0x81, Long.MAX_VALUE, Long.MIN_VALUE, -1})
  void segmentOutsideTheFileIsRefused(long size) {
    String message =
        refusal(
            k -> {
              k.putLong(LOAD + 32, size);
              k.putLong(LOAD + 40, -1);
            });
    assertTrue(message.contains("does not lie in the file"), message);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 0x500, 0xF_FFFF, 0xBFFF_F000L, 0xC000_0000L, 1L << 32, 1L << 63, -4096})
  void segmentOutsideLowRamIsRefused(long address) {
    String message = refusal(k -> k.putLong(LOAD + 24, address));
    assertTrue(message.contains("not between 1 MiB and 3 GiB"), message);
  }

  /** As crosvm's 76199b4a0: sizes of a program header whose sum overflows. */
  @ParameterizedTest
  @ValueSource(longs = {1L << 63, -1, Long.MAX_VALUE, 0xBF00_0001L})
  void hugeSegmentIsRefused(long size) {
    assertTrue(refusal(k -> k.putLong(LOAD + 40, size)).contains("not between 1 MiB and 3 GiB"));
  }

  @Test
  void segmentBeyondTheRamSaysHowMuchIsNeeded() {
    assertEquals(
        "Memory: 32 MiB is too little for /k, which needs 80 MiB; choose at least that.",
        refusal(k -> k.putLong(LOAD + 40, 64 << 20)));
  }

  @Test
  void overlappingSegmentsAreRefused() {
    String message =
        refusal(
            k -> {
              k.put(NOTE, k, LOAD, 56);
              k.putLong(NOTE + 24, LOAD_ADDRESS + 0x2FFF);
            });
    assertTrue(message.contains("overlap at 0x1002fff"), message);
  }

  @Test
  void kernelWithoutSegmentsIsRefused() {
    assertTrue(refusal(k -> k.putInt(LOAD, 6)).contains("no segment"));
  }

  @Test
  void kernelWithoutPvhNoteIsRefused() {
    assertTrue(refusal(k -> k.putInt(NOTE, 0)).contains("without a PVH entry point"));
    assertTrue(refusal(k -> k.putInt(ELF_NOTE + 8, 17)).contains("without a PVH entry point"));
  }

  @Test
  void malformedNotesAreRefused() {
    assertTrue(refusal(k -> k.putInt(ELF_NOTE, -1)).contains("too long"));
    assertTrue(refusal(k -> k.putInt(ELF_NOTE + 4, -1)).contains("too long"));
    assertTrue(refusal(k -> k.putInt(ELF_NOTE + 4, 3)).contains("does not hold an address"));
    assertTrue(refusal(k -> k.putLong(NOTE + 32, 0xFFFF_FFFFL)).contains("its notes"));
    assertTrue(refusal(k -> k.putLong(NOTE + 32, 1L << 63)).contains("its notes"));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, LOAD_ADDRESS - 1, LOAD_ADDRESS + 0x3000, 1L << 32, -1})
  void entryOutsideTheKernelIsRefused(long entry) {
    String message = refusal(k -> k.putLong(ELF_NOTE + 16, entry));
    assertTrue(message.startsWith("Kernel /k: its PVH"), message);
  }

  @Test
  void commandLineThatLinuxWouldCutOffIsRefused() throws Exception {
    load(TestKernels.elf(), null, "x".repeat(2047));

    InvalidConfigException refusal =
        assertThrows(
            InvalidConfigException.class, () -> load(TestKernels.elf(), null, "x".repeat(2048)));

    assertEquals(
        "Kernel command line: it has 2048 characters; this kernel reads at most 2047.",
        refusal.getMessage());
  }
}
