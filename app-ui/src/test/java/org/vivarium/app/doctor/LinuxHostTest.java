package org.vivarium.app.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinuxHostTest {
  private final LinuxHost host = new LinuxHost();

  @TempDir private Path folder;

  @Test
  void readReturnsNothingForAMissingFileAndAFolder() {
    assertEquals(Optional.empty(), host.read(folder.resolve("missing").toString()));
    assertEquals(Optional.empty(), host.read(folder.toString()));
  }

  @Test
  void readReturnsAllOfASettingOfTheKernel() {
    String file = "/proc/sys/kernel/pid_max";

    assertEquals(host.firstLine(List.of("cat", file)), host.read(file).map(String::strip));
  }

  @Test
  void listReturnsTheNamesInAFolder() throws IOException {
    Files.createFile(folder.resolve("a"));

    assertEquals(List.of("a"), host.list(folder.toString()));
    assertEquals(List.of(), host.list(folder.resolve("missing").toString()));
  }

  @Test
  void programIsFoundOnTheSearchPath() {
    assertTrue(host.program("sh").orElseThrow().endsWith("/sh"));
    assertEquals(Optional.empty(), host.program("no-such-program-anywhere"));
  }

  @Test
  void firstLineReturnsNothingWhenTheProgramFailsOrIsMissing() {
    assertEquals(Optional.of("one"), host.firstLine(List.of("sh", "-c", "echo one; echo two")));
    assertEquals(Optional.empty(), host.firstLine(List.of("sh", "-c", "echo one; exit 1")));
    assertEquals(Optional.empty(), host.firstLine(List.of("no-such-program-anywhere")));
    assertEquals(Optional.empty(), host.firstLine(List.of("true")));
  }

  @Test
  void canReadAndWriteIsFalseForAMissingFile() throws IOException {
    Path file = Files.createFile(folder.resolve("a"));

    assertTrue(host.canReadAndWrite(file.toString()));
    assertFalse(host.canReadAndWrite(folder.resolve("missing").toString()));
  }

  @Test
  void freeBytesLooksAtTheNearestFolderThatIsThere() {
    long free = host.freeBytes(folder.resolve("not/made/yet").toString());

    assertTrue(free > 0);
  }
}
