package org.vivarium.images.deb;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.images.ImageException;

class PackageSourcesTest {
  @TempDir Path folder;

  @Test
  void theMirrorThatTheUserSetIsTaken() throws Exception {
    Map<String, String> environment = Map.of("VIVARIUM_MIRROR", "https://example.org/debian a b");

    PackageSource chosen = PackageSources.choose(folder, environment);

    assertInstanceOf(MirrorPackageSource.class, chosen);
    assertTrue(chosen.indexState().endsWith("none none"));
  }

  @Test
  void aptIsTakenWhereItIs() throws Exception {
    Path apt = folder.resolve("apt-get");
    Files.createFile(
        apt, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));

    PackageSource chosen = PackageSources.choose(folder, Map.of("PATH", folder.toString()));

    assertInstanceOf(AptPackageSource.class, chosen);
  }

  @Test
  void withoutEitherTheRemedyIsNamed() {
    Map<String, String> environment = Map.of("PATH", folder.toString());

    ImageException e =
        assertThrows(ImageException.class, () -> PackageSources.choose(folder, environment));

    assertTrue(e.getMessage().contains("no apt; set VIVARIUM_MIRROR"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://example.org/debian",
        "ftp://example.org/debian bookworm",
        "bookworm https://example.org",
        "http:// bookworm",
        "https://example.org/debian ../x",
        "https://example.org/debian Book worm"
      })
  void aMalformedMirrorIsRefused(String setting) {
    Map<String, String> environment = Map.of("VIVARIUM_MIRROR", setting);

    ImageException e =
        assertThrows(ImageException.class, () -> PackageSources.choose(folder, environment));

    assertTrue(e.getMessage().contains("VIVARIUM_MIRROR is \"" + setting), e.getMessage());
  }
}
