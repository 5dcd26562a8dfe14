package org.vivarium.images.seed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.images.ImageException;

class SeedTest {
  private static final String ID = "0123456789abcdef0123456789abcdef";

  @TempDir Path folder;

  @Test
  void aMachineKeepsItsIdentityAndACloneGetsItsOwn() throws Exception {
    Path clone = Files.createDirectory(folder.resolve("clone"));

    MachineIdentity first = MachineIdentity.of(folder, "web");

    assertEquals(first, MachineIdentity.of(folder, "web"));
    MachineIdentity other = MachineIdentity.of(clone, "web");
    assertNotEquals(first.instance(), other.instance());
    assertNotEquals(first.machineId(), other.machineId());
  }

  @ParameterizedTest
  @CsvSource({"Web_Server.1,web-server-1", "...,machine", "-a-,a", "a,a"})
  void aHostNameIsTheNearestToTheMachinesName(String name, String host) {
    assertEquals(host, MachineIdentity.hostName(name));
  }

  @Test
  void aLongNameIsCutWhereAHostNameMayEnd() {
    assertEquals("a".repeat(62), MachineIdentity.hostName("a".repeat(62) + "-b"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "one line\n", "i\nHOST\n" + ID + "\n", "i\nhost\n0\n", "\0"})
  void refusesAnIdentityThatIsDamaged(String text) throws Exception {
    Files.writeString(folder.resolve(MachineIdentity.FILE), text);

    ImageException e = assertThrows(ImageException.class, () -> MachineIdentity.of(folder, "web"));

    assertTrue(e.getMessage().contains("delete the file to give it a new one"));
  }

  @Test
  void theKernelSeedCarriesNameAndKeys() {
    String words =
        KernelSeed.words(new MachineIdentity("i-1", "web", ID), List.of("ssh-ed25519 AAAA me"));

    String[] parts = words.split(" ");
    assertEquals(2, parts.length);
    assertEquals("systemd.machine_id=" + ID, parts[0]);
    byte[] text = Base64.getDecoder().decode(parts[1].substring("vivarium.seed=".length()));
    assertEquals(
        "instance=i-1\nhost=web\nkey=ssh-ed25519 AAAA me\n",
        new String(text, StandardCharsets.UTF_8));
  }

  @Test
  void theNoCloudSeedSaysTheSame() {
    MachineIdentity identity = new MachineIdentity("i-1", "web", ID);

    assertEquals("instance-id: i-1\nlocal-hostname: web\n", NoCloudSeed.metaData(identity));
    assertEquals(
        "#cloud-config\nhostname: web\nssh_authorized_keys:\n  - \"ssh-ed25519 AAAA me\"\n",
        NoCloudSeed.userData(identity, List.of("ssh-ed25519 AAAA me")));
  }

  @Test
  void theIsoHoldsItsFilesWhereItsRecordsSay() {
    byte[] iso =
        Iso9660.image(
            "cidata", Map.of("user-data", "x".repeat(5000).getBytes(StandardCharsets.UTF_8)));

    assertEquals("CD001", new String(iso, 16 * 2048 + 1, 5, StandardCharsets.US_ASCII));
    assertEquals("cidata", new String(iso, 16 * 2048 + 40, 32, StandardCharsets.US_ASCII).strip());
    assertEquals(0, iso.length % 2048);
    byte[] file = Arrays.copyOfRange(iso, 25 * 2048, 25 * 2048 + 5000);
    assertEquals("x".repeat(5000), new String(file, StandardCharsets.UTF_8));
  }
}
