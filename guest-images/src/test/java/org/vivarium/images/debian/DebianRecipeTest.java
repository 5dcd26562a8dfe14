package org.vivarium.images.debian;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.ImageException;
import org.vivarium.images.store.Tool;

class DebianRecipeTest {
  @TempDir Path folder;

  @Test
  void theScriptPutsEachFileInItsPlace() throws Exception {
    String script = DebianRecipe.of("bookworm", List.of()).customize();
    String files = script.substring(0, script.indexOf("# Runs when all packages are installed"));
    Path root = folder.resolve("a root");

    int status =
        new Tool(folder.resolve("log"), 60)
            .run(List.of("sh", "-c", files, "sh", root.toString()), _ -> {});

    assertEquals(0, status);
    assertTrue(Files.readString(root.resolve("etc/fstab")).contains("LABEL=vivarium-root / ext4"));
    assertTrue(Files.readString(root.resolve("usr/lib/vivarium/seed")).startsWith("#!/bin/sh\n"));
    // What the shell would expand must arrive as it is.
    assertTrue(
        Files.readString(root.resolve("usr/lib/vivarium/seed")).contains("${word#vivarium.seed=}"));
  }

  @Test
  void thePackagesAndTheSuiteDecideTheDigest() throws ImageException {
    String plain = DebianRecipe.of("bookworm", List.of()).digest();

    assertEquals(plain, DebianRecipe.of("bookworm", List.of()).digest());
    assertNotEquals(plain, DebianRecipe.of("trixie", List.of()).digest());
    assertNotEquals(plain, DebianRecipe.of("bookworm", List.of("git")).digest());
  }

  @Test
  void findsTheReasonInWhatMmdebstrapSays() {
    assertEquals(
        "Unable to locate package nosuch.",
        DebianBuild.reason(
            "I: x\nE: Unable to locate package nosuch\nE: apt-get failed\nI: bye\n", "sid"));
    assertEquals("it gave no reason.", DebianBuild.reason("", "sid"));
    assertTrue(
        DebianBuild.reason(
                "I: the /bin/mv binary inside the chroot doesn't work under fakechroot\n"
                    + "E: setup failed\n",
                "sid")
            .endsWith("install with: apt-get install uidmap"));
  }

  @Test
  void aNoteThatIsCutOffCountsAsNotBuilt() throws Exception {
    var request = new DebianImage.Request(folder, "bookworm", List.of(), Map.of());
    Files.writeString(folder.resolve("present"), "0123\n../../etc\n");

    assertFalse(DebianImage.locate(request).isPresent());
  }
}
