package org.vivarium.images.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.oci.ImageFixture.Layer;

class OciStoreTest {
  @TempDir Path folder;

  private StoredImage obtain(ImageFixture image) throws ImageException {
    return obtain(image.layout(folder.resolve("layout")).toString());
  }

  private StoredImage obtain(String reference) throws ImageException {
    return new OciStore(folder.resolve("images")).obtain(reference, Progress.NONE);
  }

  private static String read(StoredImage image, String path) throws IOException {
    return Files.readString(image.rootFolder().resolve(path));
  }

  private static boolean exists(StoredImage image, String path) {
    return Files.exists(image.rootFolder().resolve(path), LinkOption.NOFOLLOW_LINKS);
  }

  private String refusal(ImageFixture image) throws IOException {
    Path layout = image.layout(folder.resolve("layout"));
    String sentence =
        assertThrows(ImageException.class, () -> obtain(layout.toString())).getMessage();
    try (Stream<Path> left = Files.list(folder.resolve("images/oci"))) {
      assertEquals(List.of(), left.toList(), "nothing is kept");
    }
    try (Stream<Path> around = Files.list(folder)) {
      assertEquals(2, around.count(), "nothing is written elsewhere");
    }
    return sentence;
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".gz", ".zst"})
  void layersOfEachCompressionAreRead(String compression) throws Exception {
    StoredImage image =
        obtain(new ImageFixture().layer(new Layer().compressed(compression).file("a/b", "text")));

    assertEquals("text", read(image, "a/b"));
    assertEquals(4, image.description().fileBytes());
  }

  @Test
  void allFormsOfAnImageGiveTheSame() throws Exception {
    ImageFixture image = new ImageFixture().layer(new Layer().file("a", "1"));

    Path archive = image.archive(folder.resolve("oci.tar"), folder.resolve("scratch"));
    Path docker =
        new ImageFixture().layer(new Layer().file("a", "1")).docker(folder.resolve("docker.tar"));

    StoredImage one = obtain(archive.toString());
    assertEquals("1", read(one, "a"));
    assertEquals(one.description().id(), obtain(docker.toString()).description().id());
    assertEquals(
        one.description().id(), obtain(folder.resolve("scratch") + ":v1").description().id());
  }

  @Test
  void higherLayersHideWhatTheirWhiteoutsName() throws Exception {
    StoredImage image =
        obtain(
            new ImageFixture()
                .layer(
                    new Layer()
                        .file("gone", "1")
                        .file("kept", "1")
                        .file("opaque/old", "1")
                        .file("again/old", "1"))
                .layer(
                    new Layer()
                        .file("again/new", "2")
                        .file(".wh.gone", "")
                        .file(".wh.again", "")
                        .file("opaque/new", "2")
                        .file("opaque/.wh..wh..opq", "")));

    assertFalse(exists(image, "gone"));
    assertTrue(exists(image, "kept"));
    assertFalse(exists(image, "opaque/old"));
    assertEquals("2", read(image, "opaque/new"));
    assertFalse(exists(image, "again/old"));
    assertEquals("2", read(image, "again/new"));
  }

  @Test
  void linksAreFollowedWithinTheImageOnly() throws Exception {
    StoredImage image =
        obtain(
            new ImageFixture()
                .layer(new Layer().folder("etc").link("out", "/etc").link("up", "../../../etc"))
                .layer(new Layer().file("out/a", "1").file("up/b", "2")));

    assertEquals("1", read(image, "etc/a"));
    assertEquals("2", read(image, "etc/b"));
    assertTrue(Files.isSymbolicLink(image.rootFolder().resolve("out")));
  }

  @Test
  void hardLinksShareTheirFileAndDevicesStayOutOfTheFolder() throws Exception {
    StoredImage image =
        obtain(
            new ImageFixture()
                .layer(
                    new Layer()
                        .file("one", "same")
                        .hardLink("two", "one")
                        .special("disk", TarConstants.LF_BLK, "", entry -> entry.setDevMajor(8))));

    assertTrue(
        Files.isSameFile(image.rootFolder().resolve("one"), image.rootFolder().resolve("two")));
    assertFalse(exists(image, "disk"));
    assertEquals(4, image.description().fileBytes());
    assertEquals(
        List.of("device nodes and pipes, in the folder for a container"),
        image.description().leftOut());
  }

  @Test
  void theGuestsArchiveHoldsOwnersModesDevicesAndLinks() throws Exception {
    StoredImage image =
        obtain(
            new ImageFixture()
                .layer(
                    new Layer()
                        .file(
                            "su",
                            "x",
                            entry -> {
                              entry.setMode(0104755);
                              entry.setIds(5, 6);
                            })
                        .hardLink("su2", "su")
                        .special("disk", TarConstants.LF_BLK, "", entry -> entry.setDevMajor(8))));

    TreeSet<String> found = new TreeSet<>();
    try (CpioArchiveInputStream cpio =
        new CpioArchiveInputStream(Files.newInputStream(image.archive()))) {
      for (CpioArchiveEntry e = cpio.getNextEntry(); e != null; e = cpio.getNextEntry()) {
        found.add(
            "%s %o %d:%d %d"
                .formatted(e.getName(), e.getMode(), e.getUID(), e.getGID(), e.getSize()));
      }
    }

    assertTrue(found.contains("image/su 104755 5:6 1"), found::toString);
    assertTrue(found.contains("image/su2 104755 5:6 0"), found::toString);
    assertTrue(
        found.stream().anyMatch(line -> line.startsWith("image/disk 60644")), found::toString);
    assertTrue(
        found.stream().anyMatch(line -> line.startsWith("image.sh 100644")), found::toString);
  }

  @Test
  void theProcessIsTheImagesOrTheUsers() throws Exception {
    StoredImage image =
        obtain(
            new ImageFixture()
                .config(
                    """
                    {"Entrypoint": ["run"], "Cmd": ["a"], "Env": ["PATH=/opt"],
                     "WorkingDir": "/work", "User": "me"}\
                    """)
                .layer(
                    new Layer()
                        .file("bin/run", "x", entry -> entry.setMode(0755))
                        .link("opt", "bin")
                        .file("etc/passwd", "me:x:7:8:Me:/home/me:/bin/sh\n")
                        .file("etc/group", "more:x:9:me\n")));

    ImageProcess own = image.process(List.of());
    ImageProcess other = image.process(List.of("b", "c"));

    assertEquals("/opt/run", own.program());
    assertEquals(List.of("run", "a"), own.words());
    assertEquals(List.of("run", "b", "c"), other.words());
    assertEquals(new Identity(7, List.of(8, 9), "/home/me"), own.identity());
    assertEquals(List.of("HOME=/home/me", "PATH=/opt"), own.environment());
    assertTrue(exists(image, "work"));
  }

  @Test
  void aCommandThatTheImageHasNotIsRefused() throws Exception {
    StoredImage image = obtain(new ImageFixture().layer(new Layer().link("bin/sh", "/nowhere")));

    assertEquals(
        "The image has no command \"sh\".",
        assertThrows(ImageException.class, () -> image.process(List.of("sh"))).getMessage());
    assertEquals(
        "The image names no command of its own; name one.",
        assertThrows(ImageException.class, () -> image.process(List.of())).getMessage());
  }

  /** CVE-2021-29136 (umoci): a layer that makes the root itself a link. */
  @Test
  void cve202129136ALinkInPlaceOfTheRootIsRefusedOrIgnored() throws Exception {
    Path outside = Files.createDirectory(folder.resolve("outside"));
    Path layout =
        new ImageFixture()
            .layer(new Layer().link(".", outside.toString()))
            .layer(new Layer().file("a", "1"))
            .layout(folder.resolve("layout"));

    try {
      assertTrue(exists(obtain(layout.toString()), "a"));
    } catch (ImageException e) {
      assertTrue(e.getMessage().startsWith("The image"), e.getMessage());
    }

    try (Stream<Path> there = Files.list(outside)) {
      assertEquals(List.of(), there.toList());
    }
  }

  /** CVE-2026-17106 (moby): a link of one layer that the next one writes through. */
  @Test
  void cve202617106ALinkIsNeverFollowedOutOfTheImage() throws Exception {
    Path outside = Files.createDirectory(folder.resolve("outside"));
    Path layout =
        new ImageFixture()
            .layer(new Layer().link("out", outside.toString()).hardLink("two", "out"))
            .layer(new Layer().file("out/a", "1").file("two/b", "2"))
            .layout(folder.resolve("layout"));

    obtain(layout.toString());

    try (Stream<Path> there = Files.list(outside)) {
      assertEquals(List.of(), there.toList());
    }
  }

  /** As in apple/container 1.3.1: a digest that is a path. */
  @ParameterizedTest
  @ValueSource(strings = {"sha256:../../../etc/passwd", "sha512:00", "sha256:", "SHA256:00", ""})
  void digestThatIsNoneIsRefused(String digest) throws Exception {
    Path layout =
        new ImageFixture().layer(new Layer().file("a", "1")).layout(folder.resolve("layout"));
    Path index = layout.resolve("index.json");
    Files.writeString(index, Files.readString(index).replaceFirst("sha256:[0-9a-f]{64}", digest));

    String sentence =
        assertThrows(ImageException.class, () -> obtain(layout.toString())).getMessage();

    assertTrue(sentence.contains("which is no SHA-256"), sentence);
  }

  @ParameterizedTest
  @ValueSource(strings = {"../up", "a/../../up", "/absolute", "a/.."})
  void pathsThatLeadOutAreRefused(String path) throws Exception {
    String sentence = refusal(new ImageFixture().layer(new Layer().file(path, "x")));

    assertTrue(sentence.startsWith("The image holds the "), sentence);
  }

  @Test
  void linksThatLeadNowhereGoodAreRefused() throws Exception {
    assertEquals(
        "The image's link a leads in a circle.",
        refusal(
            new ImageFixture()
                .layer(new Layer().link("a", "b").link("b", "a").file("a/file", "x"))));
  }

  @Test
  void hardLinksOutOfTheImageAreRefused() throws Exception {
    assertTrue(
        refusal(new ImageFixture().layer(new Layer().hardLink("a", "../../etc/passwd")))
            .endsWith("which climbs."));
  }

  @Test
  void filesBelowFilesAreRefused() throws Exception {
    assertEquals(
        "The image holds a file below a, which is no folder.",
        refusal(new ImageFixture().layer(new Layer().file("a", "x").file("a/b", "x"))));
  }

  @Test
  void layersThatAreNotWhatTheirDigestsSayAreRefused() throws Exception {
    byte[] archive = new Layer().file("a", "1").tar();
    byte[] other = new Layer().file("a", "2").tar();

    assertTrue(
        refusal(new ImageFixture().rawLayer(other, archive))
            .contains("its archive is not sha256:"));
  }

  @Test
  void aLayerThatIsMissingIsNamed() throws Exception {
    Path layout =
        new ImageFixture().layer(new Layer().file("a", "1")).layout(folder.resolve("layout"));
    try (Stream<Path> blobs = Files.list(layout.resolve("blobs/sha256"))) {
      for (Path blob : blobs.toList()) {
        if (Files.readAllBytes(blob)[0] == 0x1f) {
          Files.delete(blob);
        }
      }
    }

    String sentence =
        assertThrows(ImageException.class, () -> obtain(layout.toString())).getMessage();

    assertTrue(sentence.contains("has no file blobs/sha256/"), sentence);
  }

  @Test
  void aBombEndsAtTheLimit() throws Exception {
    Path layout =
        new ImageFixture()
            .layer(new Layer().file("zeros", "\0".repeat(1 << 20)))
            .layout(folder.resolve("layout"));
    OciStore store = new OciStore(folder.resolve("images"));
    LayerReader.Limits limits = new LayerReader.Limits(10, 1 << 16);

    assertThrows(
        ImageException.class,
        () -> store.obtain(layout.toString(), OciStore.Form.ARCHIVE, limits, Progress.NONE));
    try (Stream<Path> left = Files.list(folder.resolve("images/oci"))) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void theFolderIsWhatUmociUnpacks() throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/bin/umoci")), "needs umoci");
    assumeTrue(Files.getAttribute(folder, "unix:uid").equals(0), "umoci sets owners as root only");
    Path layout =
        new ImageFixture()
            .layer(
                new Layer()
                    .file("one", "same")
                    .hardLink("two", "one")
                    .link("out", "/etc")
                    .file("deep/" + "n".repeat(120) + "/" + "m".repeat(120), "long")
                    .file("su", "x", entry -> entry.setMode(0104755))
                    .file("opaque/old", "1")
                    .file("gone/old", "1")
                    .file("type", "1"))
            .layer(
                new Layer()
                    .file("out/a", "1", entry -> entry.setIds(5, 6))
                    .file(".wh.gone", "")
                    .folder("type")
                    .file("opaque/.wh..wh..opq", "")
                    .file("opaque/new", "2"))
            .layout(folder.resolve("layout"));
    Path bundle = folder.resolve("bundle");

    StoredImage image = obtain(layout.toString());
    Process umoci =
        new ProcessBuilder("umoci", "unpack", "--image", layout + ":v1", bundle.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(umoci.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertEquals(0, umoci.waitFor(), said);
    TreeSet<String> ours = TreeListing.of(image.rootFolder());
    ours.removeIf(line -> line.matches("(proc|sys|dev) .*"));
    assertEquals(TreeListing.of(bundle.resolve("rootfs")), ours);
  }
}
