package org.vivarium.images.deb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.images.ImageException;

class DebArchiveTest {
  private static final DebArchive.Limits SMALL = new DebArchive.Limits(100, 1 << 20, 4 << 20);

  @TempDir Path folder;

  private List<String> read(byte[] deb, DebArchive.Limits limits)
      throws IOException, ImageException {
    Path file = folder.resolve("a.deb");
    Files.write(file, deb);
    List<String> seen = new ArrayList<>();
    DebArchive.read(
        file,
        limits,
        (entry, content) ->
            seen.add(
                "%s %s %d %s"
                    .formatted(
                        entry.kind(),
                        entry.path(),
                        entry.size(),
                        entry.kind() == DebEntry.Kind.FILE
                            ? new String(content.readAllBytes(), StandardCharsets.UTF_8)
                            : entry.target())));
    return seen;
  }

  private String refusal(byte[] deb) {
    ImageException e = assertThrows(ImageException.class, () -> read(deb, SMALL));
    return e.getMessage();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".xz", ".zst", ".gz"})
  void filesAreReadWhateverTheCompression(String suffix) throws Exception {
    byte[] deb =
        new DebFixture()
            .special("./", TarConstants.LF_DIR, "")
            .special("./boot/", TarConstants.LF_DIR, "")
            .file("./boot/vmlinuz-1", "kernel")
            .special("./boot/vmlinuz", TarConstants.LF_SYMLINK, "vmlinuz-1")
            .deb(suffix);

    List<String> seen = read(deb, SMALL);

    assertEquals(
        List.of(
            "DIRECTORY boot 0 ",
            "FILE boot/vmlinuz-1 6 kernel",
            "SYMBOLIC_LINK boot/vmlinuz 0 vmlinuz-1"),
        seen);
  }

  @Test
  void contentThatTheVisitorLeavesIsSkipped() throws Exception {
    Path file = folder.resolve("a.deb");
    Files.write(file, new DebFixture().file("a", "1".repeat(5000)).file("b", "2").deb(".xz"));
    List<String> paths = new ArrayList<>();

    DebArchive.read(file, SMALL, (entry, content) -> paths.add(entry.path()));

    assertEquals(List.of("a", "b"), paths);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/etc/passwd", "../x", "./a/../../x", "a/..", "./..", "//x"})
  void pathsThatLeaveTheRootAreRefused(String path) {
    String message = refusal(new DebFixture().file(path, "x").deb(".xz"));

    assertTrue(message.contains(path), message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"../../x", "../../../etc", "a/../../.."})
  void relativeLinksThatLeaveTheRootAreRefused(String target) {
    byte[] deb = new DebFixture().special("a/b", TarConstants.LF_SYMLINK, target).deb("");

    assertTrue(refusal(deb).contains("outside"), refusal(deb));
  }

  @Test
  void hardLinksThatLeaveTheRootAreRefused() {
    byte[] deb = new DebFixture().special("a", TarConstants.LF_LINK, "../x").deb("");

    assertTrue(refusal(deb).contains("../x"));
  }

  @Test
  void absoluteAndInnerLinksAreAccepted() throws Exception {
    byte[] deb =
        new DebFixture()
            .special("a/b", TarConstants.LF_SYMLINK, "/usr/src")
            .special("a/c", TarConstants.LF_SYMLINK, "../x/./y")
            .deb("");

    assertEquals(
        List.of("SYMBOLIC_LINK a/b 0 /usr/src", "SYMBOLIC_LINK a/c 0 ../x/./y"), read(deb, SMALL));
  }

  @Test
  void deviceNodesAreRefused() {
    byte[] deb = new DebFixture().special("dev/mem", DebFixture.device(), "").deb("");

    assertTrue(refusal(deb).contains("dev/mem"));
  }

  @Test
  void aFileBeyondTheLimitIsRefused() {
    byte[] deb = new DebFixture().file("big", new byte[(1 << 20) + 1]).deb(".xz");

    assertTrue(refusal(deb).contains("limit"));
  }

  @Test
  void aBombOfManyFilesIsRefused() {
    DebFixture many = new DebFixture();
    for (int i = 0; i < 101; i++) {
      many.file("f" + i, "");
    }

    assertTrue(refusal(many.deb(".xz")).contains("more than 100"));
  }

  @Test
  void aBombOfUnpackedBytesIsRefused() {
    DebFixture large = new DebFixture();
    for (int i = 0; i < 6; i++) {
      large.file("f" + i, new byte[1 << 20]);
    }
    byte[] deb = large.deb(".xz");

    assertTrue(deb.length < 10_000, "the bomb is " + deb.length + " bytes small");
    assertTrue(refusal(deb).contains("unpacked"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".xz", ".zst", ".gz"})
  void aPackageCutAtAnyLengthIsRefused(String suffix) {
    byte[] deb = new DebFixture().file("a", "some content").deb(suffix);
    // The archive's last byte may be padding to an even length.
    for (int length = 0; length < deb.length - 1; length++) {
      byte[] cut = Arrays.copyOf(deb, length);
      assertThrows(ImageException.class, () -> read(cut, SMALL), "at " + length);
    }
  }

  @Test
  void somethingElseIsRefused() {
    assertTrue(
        refusal("#!/bin/sh\n".repeat(100).getBytes(StandardCharsets.UTF_8)).contains("a.deb"));
    assertTrue(refusal(new byte[0]).contains("a.deb"));
  }

  @Test
  void anotherFormatOrCompressionIsRefused() {
    assertTrue(refusal(DebFixture.ar("3.0\n", "data.tar.xz", new byte[9])).contains("3.0"));
    assertTrue(refusal(DebFixture.ar("2.0\n", "data.tar.br", new byte[9])).contains("data.tar.br"));
    assertTrue(refusal(DebFixture.ar("2.0\n", "other", new byte[9])).contains("no data.tar"));
  }

  @Test
  void aMissingFileIsNamed() {
    Path missing = folder.resolve("none.deb");

    ImageException e =
        assertThrows(
            ImageException.class, () -> DebArchive.read(missing, SMALL, (entry, content) -> {}));

    assertTrue(e.getMessage().contains("none.deb"));
  }
}
