package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.kvm.GuestMemory.Backing;
import org.vivarium.kvm.GuestMemory.Range;
import org.vivarium.kvm.ffi.Linux;

/** A machine with a hole: 64 KiB at 64 KiB and 64 KiB at 4 GiB. */
class GuestMemoryTest {
  private static final long LOW = 0x1_0000;
  private static final long HIGH = 0x1_0000_0000L;
  private static final long SIZE = 0x1_0000;
  private static final int F_GET_SEALS = 1034;

  private static GuestMemory allocate(Backing backing) throws KvmException {
    return GuestMemory.allocate(List.of(new Range(LOW, SIZE), new Range(HIGH, SIZE)), backing);
  }

  @ParameterizedTest
  @EnumSource(Backing.class)
  void valuesAreLittleEndianAtAnyAlignment(Backing backing) throws Exception {
    try (GuestMemory memory = allocate(backing)) {
      memory.writeU64(HIGH + 3, 0xF8F7_F6F5_F4F3_F2F1L);

      assertEquals(0xF8F7_F6F5_F4F3_F2F1L, memory.readU64(HIGH + 3));
      assertEquals(0xF4F3_F2F1L, memory.readU32(HIGH + 3));
      assertEquals(0xF2F1, memory.readU16(HIGH + 3));
      assertEquals(0xF1, memory.readU8(HIGH + 3));
      memory.writeU32(LOW + 1, 0xAABB_CCDDL);
      memory.writeU16(LOW + 1, 0xEEFF);
      memory.writeU8(LOW + 1, 0x100);
      assertEquals(0xAABB_EE00L, memory.readU32(LOW + 1));
      memory.writeU16Release(LOW + 2, 0x1234);
      assertEquals(0x1234, memory.readU16Acquire(LOW + 2));
    }
  }

  @Test
  void everyAccessReachesTheLastByteAndNoFurther() throws Exception {
    try (GuestMemory memory = allocate(Backing.MEMFD)) {
      for (long end : new long[] {LOW + SIZE, HIGH + SIZE}) {
        memory.writeU8(end - 1, 1);
        memory.writeU16(end - 2, 1);
        memory.writeU32(end - 4, 1);
        memory.writeU64(end - 8, 1);
        memory.readU8(end - 1);
        memory.readU16(end - 2);
        memory.readU32(end - 4);
        memory.readU64(end - 8);
        memory.readU16Acquire(end - 2);
        memory.writeU16Release(end - 2, 1);
        assertEquals(16, memory.slice(end - 16, 16).byteSize());
        refuseAll(memory, end - 1, end);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      longs = {
        0, // before the first region
        LOW - 1,
        LOW + SIZE, // the hole
        HIGH - 1,
        HIGH + SIZE,
        Long.MAX_VALUE, // wraps when a length is added
        Long.MAX_VALUE - 7,
        Long.MIN_VALUE,
        -1, // the last addresses, unsigned
        -8
      })
  void addressesOutsideAreRefusedByEveryAccess(long gpa) throws Exception {
    try (GuestMemory memory = allocate(Backing.MEMFD)) {
      refuseAll(memory, gpa, gpa);
    }
  }

  /** Every accessor refuses what begins at {@code gpa}; those of one byte at {@code byteGpa}. */
  private static void refuseAll(GuestMemory memory, long gpa, long byteGpa) {
    byte[] bytes = new byte[16];
    refuse(() -> memory.readU8(byteGpa));
    refuse(() -> memory.writeU8(byteGpa, 1));
    refuse(() -> memory.readU16(gpa));
    refuse(() -> memory.readU32(gpa));
    refuse(() -> memory.readU64(gpa));
    refuse(() -> memory.writeU16(gpa, 1));
    refuse(() -> memory.writeU32(gpa, 1));
    refuse(() -> memory.writeU64(gpa, 1));
    refuse(() -> memory.readU16Acquire(gpa));
    refuse(() -> memory.writeU16Release(gpa, 1));
    refuse(() -> memory.read(gpa, bytes, 0, 16));
    refuse(() -> memory.write(gpa, bytes, 0, 16));
    refuse(() -> memory.slice(gpa, 16));
    refuse(() -> memory.hva(gpa, 16));
    assertFalse(memory.contains(gpa, 16));
  }

  private static void refuse(org.junit.jupiter.api.function.Executable access) {
    assertThrows(GuestAddressException.class, access);
  }

  @Test
  void lengthsThatReachOutOfARegionAreRefused() throws Exception {
    try (GuestMemory memory = allocate(Backing.MEMFD)) {
      for (long length : new long[] {SIZE + 1, HIGH, Long.MAX_VALUE, -1, Long.MIN_VALUE}) {
        assertFalse(memory.contains(LOW, length));
        refuse(() -> memory.slice(LOW, length));
        refuse(() -> memory.hva(LOW, length));
      }
      assertTrue(memory.contains(LOW, SIZE));
      assertFalse(memory.contains(LOW + 1, SIZE));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, LOW, LOW + SIZE, HIGH + SIZE, -1})
  void nothingLiesAnywhere(long gpa) throws Exception {
    try (GuestMemory memory = allocate(Backing.MEMFD)) {
      assertTrue(memory.contains(gpa, 0));
      assertEquals(0, memory.slice(gpa, 0).byteSize());
      memory.hva(gpa, 0);
      memory.read(gpa, new byte[1], 1, 0);
      memory.write(gpa, new byte[1], 1, 0);
      memory.discard(gpa & -GuestMemory.PAGE_SIZE, 0);
    }
  }

  @Test
  void copiesKeepToTheGivenPartOfTheArray() throws Exception {
    try (GuestMemory memory = allocate(Backing.ANONYMOUS)) {
      memory.write(LOW + 5, new byte[] {9, 1, 2, 3, 9}, 1, 3);
      byte[] target = {7, 7, 7, 7, 7};

      memory.read(LOW + 5, target, 1, 3);

      assertArrayEquals(new byte[] {7, 1, 2, 3, 7}, target);
      assertEquals(0, memory.readU8(LOW + 4));
      assertEquals(0, memory.readU8(LOW + 8));
      assertThrows(IndexOutOfBoundsException.class, () -> memory.read(LOW, new byte[4], 2, 3));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 30, Integer.MAX_VALUE, 1L << 31, 3L << 30})
  void accessesAcrossTheEdgesOfLargeRegions(long edge) throws Exception {
    List<Range> four = List.of(new Range(LOW, 4L << 30));
    try (GuestMemory memory = GuestMemory.allocate(four, Backing.ANONYMOUS)) {
      long gpa = LOW + edge - 4;
      memory.writeU64(gpa, 0x0807_0605_0403_0201L);
      assertEquals(0x0807_0605_0403_0201L, memory.readU64(gpa));
      assertEquals(0x0605_0403L, memory.readU32(gpa + 2));
      assertEquals(0x08, memory.readU8(gpa + 7));
      byte[] bytes = new byte[6];
      memory.read(gpa + 1, bytes, 0, 6);
      assertArrayEquals(new byte[] {2, 3, 4, 5, 6, 7}, bytes);
      assertEquals(5, memory.slice(gpa, 8).asByteBuffer().get(4));
      memory.writeU64s(gpa, new long[] {-1, 2});
      assertEquals(-1, memory.readU64(gpa));
      assertEquals(2, memory.readU64(gpa + 8));
      memory.write(gpa, new byte[] {9, 9, 9, 9, 9, 9}, 0, 6);
      assertEquals(0xFFFF_0909_0909_0909L, memory.readU64(gpa));
    }
  }

  @Test
  void oddRingIndexIsRefused() throws Exception {
    try (GuestMemory memory = allocate(Backing.MEMFD)) {
      assertThrows(IllegalArgumentException.class, () -> memory.readU16Acquire(LOW + 1));
      assertThrows(IllegalArgumentException.class, () -> memory.writeU16Release(LOW + 1, 0));
    }
  }

  @Test
  void rangesThatOverlapOrGoBackAreRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            GuestMemory.allocate(
                List.of(new Range(0, 0x2000), new Range(0x1000, 0x1000)), Backing.MEMFD));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            GuestMemory.allocate(
                List.of(new Range(0x4000, 0x1000), new Range(0, 0x1000)), Backing.MEMFD));
    assertThrows(
        IllegalArgumentException.class, () -> GuestMemory.allocate(List.of(), Backing.MEMFD));
  }

  @Test
  void rangesThatAreNotPagesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Range(1, 0x1000));
    assertThrows(IllegalArgumentException.class, () -> new Range(-0x1000, 0x1000));
    assertThrows(IllegalArgumentException.class, () -> new Range(0, 0));
    assertThrows(IllegalArgumentException.class, () -> new Range(0, -0x1000));
    assertThrows(IllegalArgumentException.class, () -> new Range(0, 0x1001));
    assertThrows(
        ArithmeticException.class,
        () -> new Range(Long.MAX_VALUE & -GuestMemory.PAGE_SIZE, 0x1000));
  }

  @ParameterizedTest
  @EnumSource(Backing.class)
  void memoryThatTheHostCannotMapIsRefusedAndLeavesNothing(Backing backing) throws Exception {
    List<String> before = mappings();

    KvmException refusal =
        assertThrows(
            KvmException.class,
            () -> GuestMemory.allocate(List.of(new Range(0, 1L << 50)), backing));

    assertTrue(
        String.valueOf(refusal.getMessage())
            .startsWith("Cannot reserve 1073741824 MiB of guest memory"));
    assertEquals(before, mappings());
  }

  @ParameterizedTest
  @EnumSource(Backing.class)
  void closeUnmapsOnce(Backing backing) throws Exception {
    GuestMemory memory = allocate(backing);
    memory.writeU8(LOW, 1);
    var slice = memory.slice(LOW, 8);
    String address = Long.toHexString(memory.hva(LOW, 1));
    assertTrue(isMapped(address));

    memory.close();
    memory.close();

    assertFalse(isMapped(address));
    assertThrows(IllegalStateException.class, () -> memory.readU8(LOW));
    assertThrows(IllegalStateException.class, () -> memory.writeU64(LOW, 1));
    assertThrows(IllegalStateException.class, () -> slice.get(ValueLayout.JAVA_BYTE, 0));
    assertThrows(IllegalStateException.class, () -> memory.read(LOW, new byte[1], 0, 1));
    assertThrows(IllegalStateException.class, () -> memory.hva(LOW, 1));
  }

  private static boolean isMapped(String address) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .anyMatch(line -> line.startsWith(address + "-"));
  }

  /** Mappings of guest memory, or reserved for it. */
  private static List<String> mappings() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> line.contains("vivarium-guest-memory") || isHuge(line))
        .toList();
  }

  private static boolean isHuge(String line) {
    String[] ends = line.split(" ")[0].split("-");
    return Long.parseUnsignedLong(ends[1], 16) - Long.parseUnsignedLong(ends[0], 16) > 1L << 45;
  }

  @ParameterizedTest
  @EnumSource(Backing.class)
  void discardGivesPagesBackAndNoOthers(Backing backing) throws Exception {
    try (GuestMemory memory = allocate(backing)) {
      for (long offset = 0; offset < SIZE; offset += GuestMemory.PAGE_SIZE) {
        memory.writeU8(HIGH + offset, 0x77);
      }
      long before = residentBytes(memory);

      memory.discard(HIGH + 0x2000, 0x3000);

      assertEquals(before - 0x3000, residentBytes(memory));
      for (long offset = 0; offset < SIZE; offset += GuestMemory.PAGE_SIZE) {
        boolean given = offset >= 0x2000 && offset < 0x5000;
        assertEquals(given ? 0 : 0x77, memory.readU8(HIGH + offset));
      }
    }
  }

  /** Bytes of the high region that are resident, by mincore(2). */
  private static long residentBytes(GuestMemory memory) throws KvmException {
    try (var arena = java.lang.foreign.Arena.ofConfined()) {
      int pages = (int) (SIZE / GuestMemory.PAGE_SIZE);
      var vector = arena.allocate(pages);
      int sysMincore = 27;
      KvmException.check(
          NativeCalls.call(sysMincore, memory.hva(HIGH, SIZE), SIZE, vector.address()), "mincore");
      long resident = 0;
      for (int i = 0; i < pages; i++) {
        resident += vector.get(ValueLayout.JAVA_BYTE, i) & 1;
      }
      return resident * GuestMemory.PAGE_SIZE;
    }
  }

  @Test
  void discardRefusesPartsOfPagesAndAddressesOutside() throws Exception {
    try (GuestMemory memory = allocate(Backing.MEMFD)) {
      assertThrows(IllegalArgumentException.class, () -> memory.discard(LOW + 1, 0x1000));
      assertThrows(IllegalArgumentException.class, () -> memory.discard(LOW, 1));
      refuse(() -> memory.discard(LOW + SIZE - 0x1000, 0x2000));
      refuse(() -> memory.discard(0, 0x1000));
    }
  }

  @Test
  void memfdHoldsTheRegionsAndIsSealedAtItsSize() throws Exception {
    try (GuestMemory memory = allocate(Backing.MEMFD)) {
      memory.writeU32(HIGH, 0xCAFE_F00DL);
      int fd = memory.memfd();

      Path file = Path.of("/proc/self/fd/" + fd);
      assertEquals(2 * SIZE, Files.size(file));
      byte[] bytes = Files.readAllBytes(file);
      assertEquals((byte) 0x0D, bytes[(int) SIZE]);
      long seals = NativeCalls.call(Linux.SYS_fcntl(), fd, F_GET_SEALS);
      assertEquals(Linux.F_SEAL_SHRINK() | Linux.F_SEAL_GROW() | Linux.F_SEAL_SEAL(), seals);
      assertEquals(-Errno.EPERM, NativeCalls.call(Linux.SYS_ftruncate(), fd, 0));
      assertEquals(-Errno.EPERM, NativeCalls.call(Linux.SYS_ftruncate(), fd, 4 * SIZE));
    }
  }

  @Test
  void anonymousMemoryHasNoMemfd() throws Exception {
    try (GuestMemory memory = allocate(Backing.ANONYMOUS)) {
      assertEquals(-1, memory.memfd());
      assertEquals(2 * SIZE, memory.size());
      assertEquals(LOW + SIZE, memory.regions().get(0).end());
    }
  }
}
