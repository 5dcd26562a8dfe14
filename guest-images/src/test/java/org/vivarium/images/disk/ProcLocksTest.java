package org.vivarium.images.disk;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcLocksTest {
  @TempDir Path folder;

  @Test
  void showsTheBytesThatADiskOpenForWritingLocks() throws IOException {
    Path path = folder.resolve("disk.raw");
    RawImage.create(path, 4096);
    try (RawImage image = RawImage.open(path, DiskOptions.readWrite())) {
      assertFalse(image.isReadOnly());
      for (int locked : new int[] {100, 101, 103, 201, 203}) {
        assertTrue(ProcLocks.isLocked(path, locked), "Byte " + locked);
      }
      for (int free : new int[] {0, 99, 102, 104, 200, 202, 204}) {
        assertFalse(ProcLocks.isLocked(path, free), "Byte " + free);
      }
    }
    assertFalse(ProcLocks.isLocked(path, 101));
  }

  @Test
  void aReaderLocksOnlyWhatItReadsAndDoesNotShare() throws IOException {
    Path path = folder.resolve("disk.raw");
    RawImage.create(path, 4096);
    try (RawImage image = RawImage.open(path, DiskOptions.readOnlyAccess())) {
      assertTrue(image.isReadOnly());
      for (int locked : new int[] {100, 201, 203}) {
        assertTrue(ProcLocks.isLocked(path, locked), "Byte " + locked);
      }
      for (int free : new int[] {101, 103, 200}) {
        assertFalse(ProcLocks.isLocked(path, free), "Byte " + free);
      }
    }
  }
}
