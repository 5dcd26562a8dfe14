package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.config.WhenFull;

class DiskOptionTest {
  @Test
  void fileAloneIsWritableAndOfUnstatedFormat() throws Exception {
    DiskConfig disk = DiskOption.parse("/d/a.qcow2", Set.of());

    assertEquals("disk0", disk.id());
    assertEquals(Path.of("/d/a.qcow2"), disk.file());
    assertNull(disk.format());
    assertFalse(disk.readOnly());
    assertEquals("", disk.serial());
    assertEquals(RateLimit.NONE, disk.limit());
  }

  @Test
  void everyWordIsRead() throws Exception {
    DiskConfig disk =
        DiskOption.parse("/d/a,ro,format=raw,serial=A1,full=report,id=data", Set.of());

    assertEquals(
        new DiskConfig(
            "data", Path.of("/d/a"), DiskFormat.RAW, true, "A1", RateLimit.NONE, WhenFull.REPORT),
        disk);
  }

  @Test
  void relativeFileIsOfTheWorkingFolder() throws Exception {
    DiskConfig disk = DiskOption.parse("a.raw", Set.of());

    assertEquals(Path.of("").toAbsolutePath().resolve("a.raw"), disk.file());
  }

  @Test
  void doubledCommaBelongsToTheFile() throws Exception {
    DiskConfig disk = DiskOption.parse("/d/a,,b,,,ro", Set.of());

    assertEquals(Path.of("/d/a,b,"), disk.file());
    assertTrue(disk.readOnly());
  }

  @Test
  void disksAreNumberedAroundNamesThatWereGiven() throws Exception {
    List<DiskConfig> disks = DiskOption.parse(List.of("/a,id=disk1", "/b", "/c"));

    assertEquals(List.of("disk1", "disk0", "disk2"), disks.stream().map(DiskConfig::id).toList());
  }

  @Test
  void nothingGivenIsNoDisk() throws Exception {
    assertEquals(List.of(), DiskOption.parse(null));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ",ro",
        "a\0b",
        "/a,rw",
        "/a,full=stop",
        "/a,",
        "/a,format=vmdk",
        "/a,format",
        "/a,serial=123456789012345678901",
        "/a,id=",
        "/a,serial=\u00e9",
        "/a,id=../x",
        "/a,id=taken",
      })
  void badTextIsRefusedInOneSentence(String text) {
    InvalidConfigException refused =
        assertThrows(InvalidConfigException.class, () -> DiskOption.parse(text, Set.of("taken")));

    assertTrue(
        String.valueOf(refused.getMessage()).matches("(?s)(Option --d|D)isk.*: .*\\."),
        refused.getMessage());
  }
}
