package org.vivarium.images.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.oci.ImageFixture.Layer;

class RegistryImagesTest {
  private static final String REFERENCE = "registry.example/library/busybox:1.36";

  @TempDir Path folder;

  /** A program in skopeo's place, the only one that can be found first. */
  private RegistryImages images(String script) throws Exception {
    Path bin = Files.createDirectories(folder.resolve("bin"));
    Path program = Files.writeString(bin.resolve("skopeo"), "#!/bin/sh\n" + script + "\n");
    assertEquals(true, program.toFile().setExecutable(true));
    return new RegistryImages(folder, Map.of("PATH", bin.toString()));
  }

  @ParameterizedTest
  @CsvSource({
    "docker.io/library/busybox,true",
    "registry.example/a/b:1.36,true",
    "localhost:5000/a,true",
    "localhost/a,true",
    "busybox,false",
    "layout:v1,false",
    "./layout:v1,false",
    "/tmp/image.tar,false",
    "docker.io/Upper,false",
    "docker.io/a/../b,false",
    "-o.x/a b,false"
  })
  void referencesAreToldFromFiles(String word, boolean reference) {
    assertEquals(reference, RegistryImages.isReference(word));
  }

  @Test
  void anImageIsFetchedOnce() throws Exception {
    Path layout =
        new ImageFixture().layer(new Layer().file("a", "1")).layout(folder.resolve("layout"));
    String script =
        "[ \"$6\" = docker://%s ] || exit 1; to=${7#oci:}; cp -r %s ${to%%:latest}"
            .formatted(REFERENCE, layout);

    Path fetched = images(script).obtain(REFERENCE, Progress.NONE);

    assertEquals(fetched, images("exit 1").obtain(REFERENCE, Progress.NONE));
    assertEquals(List.of("blobs", "index.json", "oci-layout"), names(fetched));
  }

  @Test
  void aFailureIsOneSentenceAndLeavesNothing() throws Exception {
    RegistryImages images = images("mkdir ${7#oci:}; echo unauthorized; exit 1");

    assertEquals(
        "The image %s cannot be fetched: skopeo said \"unauthorized\".".formatted(REFERENCE),
        assertThrows(ImageException.class, () -> images.obtain(REFERENCE, Progress.NONE))
            .getMessage());
    assertEquals(List.of(), names(folder.resolve("registry")));
  }

  @ParameterizedTest
  @CsvSource({
    "localhost:5000/a:v1,plain",
    "127.0.0.1:5000/a,plain",
    "localhost.example/a,encrypted",
    "registry.example:5000/localhost/a,encrypted"
  })
  void onlyThisComputersRegistriesMayBeWithoutEncryption(String reference, String kind)
      throws Exception {
    RegistryImages images =
        images(
            "case $* in *--src-tls-verify=false*) k=plain;; *) k=encrypted;; esac;"
                + " echo 'time=\"now\" level=fatal msg=\"'$k' \\\"x\\\"\"'; exit 1");

    assertEquals(
        "The image %s cannot be fetched: skopeo said \"%s 'x'\".".formatted(reference, kind),
        assertThrows(ImageException.class, () -> images.obtain(reference, Progress.NONE))
            .getMessage());
  }

  private static List<String> names(Path folder) throws Exception {
    try (Stream<Path> all = Files.list(folder)) {
      return all.map(path -> String.valueOf(path.getFileName())).sorted().toList();
    }
  }
}
