package org.vivarium.app.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.vivarium.app.bench.ProcessMemory.Figures;

class ProcessMemoryTest {
  /** 64 KiB of RAM, a library, and a reservation of the RAM's size that nothing may write to. */
  private static final String SMAPS =
      """
      7f0000000000-7f0000010000 rw-p 00000000 00:00 0
      Size:                 64 kB
      Rss:                  48 kB
      Pss:                  48 kB
      Pss_Dirty:            48 kB
      Private_Dirty:        44 kB
      AnonHugePages:        16 kB
      VmFlags: rd wr mr mw me ac dd hg
      7f0000010000-7f0000020000 ---p 00000000 00:00 0
      Size:                 64 kB
      Rss:                   0 kB
      7f0000100000-7f0000102000 r-xp 00000000 fe:00 99       /usr/lib/libc.so.6
      Size:                  8 kB
      Rss:                   8 kB
      Pss:                   2 kB
      Private_Dirty:         1 kB
      """;

  @Test
  void guestMemoryIsToldFromTheProcesssOwn() throws Exception {
    ProcessMemory memory = ProcessMemory.parse(SMAPS, 64 << 10);

    assertEquals(new Figures(48, 48, 44, 16), memory.guest());
    assertEquals(new Figures(8, 2, 1, 0), memory.own());
  }

  @Test
  void missingGuestMemoryIsAnError() {
    assertThrows(BenchException.class, () -> ProcessMemory.parse(SMAPS, 128 << 10));
  }
}
