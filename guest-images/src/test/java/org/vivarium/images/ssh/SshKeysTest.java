package org.vivarium.images.ssh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.ImageException;
import org.vivarium.images.store.Tool;

class SshKeysTest {
  @TempDir Path home;

  @Test
  void opensshReadsTheKeyAndFindsThePublicOneInIt() throws Exception {
    assumeTrue(Tool.find("ssh-keygen", System.getenv()).isPresent(), "ssh-keygen is not here");
    SshKeys keys = SshKeys.of(home);

    Tool tool = new Tool(home.resolve("log"), 60);
    int status = tool.run(List.of("ssh-keygen", "-y", "-f", keys.privateKey().toString()), _ -> {});

    assertEquals(0, status);
    assertEquals(keys.publicKey(), tool.tail().strip());
  }

  @Test
  void keepsTheKeyThatIsThereAndHidesIt() throws Exception {
    SshKeys keys = SshKeys.of(home);

    assertEquals(keys, SshKeys.of(home));
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(keys.privateKey())));
  }

  @Test
  void refusesAPublicKeyThatWouldAddToTheSeed() throws Exception {
    SshKeys.of(home);
    Files.writeString(
        home.resolve("ssh/id_ed25519.pub"), "ssh-ed25519 " + "A".repeat(68) + "\nhost=other\n");

    ImageException e = assertThrows(ImageException.class, () -> SshKeys.of(home));

    assertTrue(e.getMessage().endsWith("is no ssh public key; restore it with ssh-keygen -y."));
  }

  @Test
  void theCommandHoldsToTheMachinesOwnHostKey() {
    SshAccess access =
        new SshAccess("debian", "127.0.0.1", 2222, Path.of("/h/key"), Path.of("/h/vm/known"));

    List<String> command = access.command(List.of("uname", "-a"));

    assertEquals(
        List.of("127.0.0.1", "uname", "-a"), command.subList(command.size() - 3, command.size()));
    assertTrue(command.contains("UserKnownHostsFile=\"/h/vm/known\""));
    assertThrows(
        IllegalArgumentException.class,
        () -> new SshAccess("debian", "h", 0, Path.of("k"), Path.of("f")));
  }
}
