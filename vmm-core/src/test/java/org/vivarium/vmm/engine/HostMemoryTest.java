package org.vivarium.vmm.engine;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;

class HostMemoryTest {
  @TempDir private Path folder;

  private HostMemory memory(String report) throws IOException {
    return new HostMemory(Files.writeString(folder.resolve("meminfo"), report));
  }

  @Test
  void checkWhenMoreThanAvailableNamesBothFigures() throws IOException {
    HostMemory memory =
        memory("MemTotal:  8388608 kB\nMemFree:  1 kB\nMemAvailable:    1048576 kB\n");

    InvalidConfigException e =
        assertThrows(InvalidConfigException.class, () -> memory.check((1L << 30) + (1L << 20)));

    assertEquals(
        "Memory: 1025 MiB is more than the 1024 MiB that this computer has to give now;"
            + " choose less.",
        e.getMessage());
  }

  @Test
  void checkWhenJustAvailablePasses() throws IOException {
    HostMemory memory = memory("MemAvailable: 1048576 kB\n");

    assertDoesNotThrow(() -> memory.check(1L << 30));
  }

  @Test
  void checkWhenTheReportDoesNotSayFails() throws IOException {
    HostMemory memory = memory("MemTotal: 8388608 kB\nMemAvailable: lots\n");

    VmmException e = assertThrows(VmmException.class, () -> memory.check(1));

    assertTrue(String.valueOf(e.getMessage()).endsWith("has no MemAvailable line."));
  }

  @Test
  void checkWhenThereIsNoReportFails() {
    HostMemory memory = new HostMemory(folder.resolve("none"));

    assertThrows(VmmException.class, () -> memory.check(1));
  }

  @Test
  void thisComputerHasMemoryToGive() throws VmmException {
    assertTrue(HostMemory.ofThisComputer().available() > 0);
  }
}
