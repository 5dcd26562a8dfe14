package org.vivarium.vmm.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;

/** How definitions lie on the disk. */
class DefinitionFileTest {
  @TempDir private Path root;
  private VmFolder folder;

  @BeforeEach
  void makeFolder() throws Exception {
    folder = new VmFolder(Files.createDirectory(root.resolve("a")));
  }

  private static VmDefinition definition(int cpus) {
    return new VmDefinition(
        "a", "", cpus, 64, "auto", new GuestSource.Catalogue("tiny", ""), DeviceSet.NONE, false);
  }

  @Test
  void writtenDefinitionIsReadAndNothingElseIsLeft() throws Exception {
    DefinitionFile.write(folder, definition(1));
    DefinitionFile.write(folder, definition(2));

    assertEquals(definition(2), DefinitionFile.read(folder));
    try (var files = Files.list(folder.path())) {
      assertEquals(List.of(folder.definition()), files.toList());
    }
  }

  @Test
  void impossibleDefinitionLeavesTheOldOne() throws Exception {
    DefinitionFile.write(folder, definition(1));

    assertThrows(InvalidConfigException.class, () -> DefinitionFile.write(folder, definition(0)));

    assertEquals(definition(1), DefinitionFile.read(folder));
  }

  @Test
  void folderThatCannotBeWrittenIsNamedAndTheOldOneStays() throws Exception {
    Path proc = Path.of("/proc/self");
    assertTrue(Files.exists(proc));

    VmmException refused =
        assertThrows(
            VmmException.class, () -> DefinitionFile.write(new VmFolder(proc), definition(1)));

    assertTrue(
        String.valueOf(refused.getMessage()).startsWith("/proc/self/vm.json cannot be written: "),
        refused.getMessage());
  }

  @Test
  void refusalNamesTheFileAndTheField() throws Exception {
    Files.writeString(folder.definition(), "{\"version\":1,\"cpus\":0}");

    InvalidConfigException refused =
        assertThrows(InvalidConfigException.class, () -> DefinitionFile.read(folder));

    assertEquals(
        folder.definition() + ": cpus: found 0; allowed is a whole number from 1 to 64.",
        refused.getMessage());
  }

  @Test
  void definitionIsItsOwnersAlone() throws Exception {
    DefinitionFile.write(folder, definition(1));

    assertEquals(
        PosixFilePermissions.fromString("rw-------"),
        Files.getPosixFilePermissions(folder.definition()));
  }
}
