package org.vivarium.images.initramfs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InitramfsTreeTest {
  private static byte[] write(InitramfsTree tree) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    tree.write(out);
    return out.toByteArray();
  }

  private static List<String> list(byte[] archive) throws IOException {
    List<String> lines = new ArrayList<>();
    try (CpioArchiveInputStream in =
        new CpioArchiveInputStream(new ByteArrayInputStream(archive))) {
      CpioArchiveEntry entry;
      while ((entry = in.getNextEntry()) != null) {
        String content = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        lines.add(
            "%o %s %d:%d inode %d time %d device %d:%d %s"
                .formatted(
                    entry.getMode(),
                    entry.getName(),
                    entry.getUID(),
                    entry.getGID(),
                    entry.getInode(),
                    entry.getTime(),
                    entry.getRemoteDeviceMaj(),
                    entry.getRemoteDeviceMin(),
                    content));
      }
    }
    return lines;
  }

  @Test
  void everyKindOfEntryIsWrittenSortedAndOwnedByRoot() throws Exception {
    InitramfsTree tree = new InitramfsTree();
    tree.file("/init", 0755, "run".getBytes(StandardCharsets.UTF_8));
    tree.symbolicLink("bin/sh", "busybox");
    tree.characterDevice("dev/console", 0600, 5, 1);
    tree.folder("tmp", 01777);

    assertEquals(
        List.of(
            "40755 bin 0:0 inode 1 time 0 device 0:0 ",
            "120777 bin/sh 0:0 inode 2 time 0 device 0:0 busybox",
            "40755 dev 0:0 inode 3 time 0 device 0:0 ",
            "20600 dev/console 0:0 inode 4 time 0 device 5:1 ",
            "100755 init 0:0 inode 5 time 0 device 0:0 run",
            "41777 tmp 0:0 inode 6 time 0 device 0:0 "),
        list(write(tree)));
  }

  @Test
  void theOrderOfAddingDoesNotMatter() throws Exception {
    InitramfsTree one = new InitramfsTree();
    one.file("a/b", 0644, new byte[] {1});
    one.folder("c", 0700);
    InitramfsTree other = new InitramfsTree();
    other.folder("c", 0700);
    other.folder("a", 0755);
    other.file("a/b", 0644, new byte[] {1});

    assertArrayEquals(write(one), write(other));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/", ".", "..", "a/../b", "a//b", "a/", "./a", "../a"})
  void pathsThatAKernelWouldMisreadAreRefused(String path) {
    InitramfsTree tree = new InitramfsTree();

    assertThrows(IllegalArgumentException.class, () -> tree.folder(path, 0755));
  }

  @Test
  void aListFillsTheTree() throws Exception {
    InitramfsTree tree = new InitramfsTree();
    String list =
        """
        # comment

        dir /dev 0755 0 0
        nod /dev/null 0666 0 0 c 1 3
        slink /sbin bin 0777 0 0
        file /init root/init 0755 0 0
        """;

    FileList.addTo(tree, list, location -> location.getBytes(StandardCharsets.UTF_8));

    assertEquals(
        List.of(
            "40755 dev 0:0 inode 1 time 0 device 0:0 ",
            "20666 dev/null 0:0 inode 2 time 0 device 1:3 ",
            "100755 init 0:0 inode 3 time 0 device 0:0 root/init",
            "120777 sbin 0:0 inode 4 time 0 device 0:0 bin"),
        list(write(tree)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dir /dev 0755 0",
        "dir /dev 0755 0 1",
        "nod /dev/x 0600 0 0 b 1 3",
        "dir /dev 9 0 0",
        "pipe /x 0600 0 0",
        "slink /a b 0777 1 0"
      })
  void aMalformedListIsRefused(String line) {
    InitramfsTree tree = new InitramfsTree();

    assertThrows(
        IllegalArgumentException.class, () -> FileList.addTo(tree, line, location -> new byte[0]));
  }
}
