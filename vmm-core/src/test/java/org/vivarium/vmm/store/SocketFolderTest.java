package org.vivarium.vmm.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.host.PrivateSockets;

/** Where a machine's sockets are, short enough and its owner's alone. */
class SocketFolderTest {
  @TempDir private Path root;

  private SocketFolder make(Path home, String name, Path runtime) throws VmmException {
    return SocketFolder.make(
        new Folders(home),
        name,
        Map.of("XDG_RUNTIME_DIR", runtime.toString(), "XDG_DATA_HOME", root.toString()));
  }

  @Test
  void usualHomeHasTheMachinesNameAndOnlyTheOwnerMayEnter() throws Exception {
    SocketFolder folder = make(root.resolve("vivarium"), "a", root);

    assertEquals(root.resolve("vivarium/a"), folder.path());
    assertEquals(
        PosixFilePermissions.fromString("rwx------"), Files.getPosixFilePermissions(folder.path()));
  }

  @Test
  void machinesOfTwoHomesDoNotMeet() throws Exception {
    assertNotEquals(make(root.resolve("1"), "a", root), make(root.resolve("2"), "a", root));
  }

  @Test
  void longNamesAreShortened() throws Exception {
    Path runtime = Files.createDirectories(root.resolve("x".repeat(30)));

    SocketFolder folder = make(root.resolve("1"), "n".repeat(64), runtime);

    assertTrue(folder.control().toString().length() <= PrivateSockets.MAX_SOCKET_PATH);
  }

  @Test
  void folderThatIsTooLongForAnySocketIsNamed() throws Exception {
    Path runtime = root.resolve("x".repeat(100));

    VmmException refused = assertThrows(VmmException.class, () -> make(root, "a", runtime));

    assertTrue(
        String.valueOf(refused.getMessage())
            .endsWith(
                "is too long for a socket: set XDG_RUNTIME_DIR to a folder with a short path."),
        refused.getMessage());
  }
}
