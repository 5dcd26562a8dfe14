package org.vivarium.images.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.BootImage;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.ext4.ExtFixture;

class DiskBootTest {
  private static final String GRUB =
      """
      menuentry 'Linux' {
        linux %s root=LABEL=root ro
        initrd %s
      }
      """;

  @TempDir Path folder;
  private Path tree;
  private Path cache;

  @BeforeEach
  void makeTree() throws IOException {
    tree = folder.resolve("disk");
    Files.createDirectories(tree.resolve("boot/grub"));
    cache = folder.resolve("cache");
  }

  /** Something that begins as a bzImage does. */
  private static byte[] kernel(String rest) {
    ByteBuffer bytes = ByteBuffer.allocate(0x300);
    bytes.put(0x202, "HdrS".getBytes(StandardCharsets.US_ASCII));
    return bytes.put(0x240, rest.getBytes(StandardCharsets.US_ASCII)).array();
  }

  private Path fileSystem() throws Exception {
    return ExtFixture.make(folder, tree, "-t ext4", "8M");
  }

  private BootImage locate(Path image) throws IOException {
    try (DiskImage disk = ExtFixture.open(image)) {
      return DiskBoot.locate(disk, "disk.raw", cache);
    }
  }

  private String refusal(Path image) {
    return String.valueOf(assertThrows(DiskImageException.class, () -> locate(image)).getMessage());
  }

  @Test
  void startsWhatGrubWouldFromAPartition() throws Exception {
    Files.writeString(
        tree.resolve("boot/grub/grub.cfg"), GRUB.formatted("/boot/vmlinuz-6.1", "/boot/a /boot/b"));
    Files.write(tree.resolve("boot/vmlinuz-6.1"), kernel("one"));
    Files.writeString(tree.resolve("boot/a"), "microcode");
    Files.writeString(tree.resolve("boot/b"), "root");
    byte[] content = Files.readAllBytes(fileSystem());
    int sectors = content.length / 512;
    ByteBuffer disk = GptFixture.disk(sectors + 2048, 1024, 1024 + sectors - 1L);
    disk.put(1024 * 512, content);
    Path image = folder.resolve("gpt.raw");
    Files.write(image, disk.array());

    BootImage boot = locate(image);

    assertEquals("root=LABEL=root ro console=ttyS0", boot.commandLine());
    assertEquals("6.1", boot.version());
    assertEquals(-1, java.util.Arrays.mismatch(kernel("one"), Files.readAllBytes(boot.kernel())));
    assertEquals("microcode\0\0\0root", Files.readString(Objects.requireNonNull(boot.initrd())));
  }

  @Test
  void aNewKernelTakesThePlaceOfTheOldOne() throws Exception {
    Files.write(tree.resolve("boot/vmlinuz-6.1"), kernel("one"));
    Files.createSymbolicLink(tree.resolve("vmlinuz"), Path.of("boot/vmlinuz-6.1"));
    Files.createDirectories(tree.resolve("etc/kernel"));
    Files.writeString(tree.resolve("etc/kernel/cmdline"), "root=/dev/vda console=ttyS0 quiet\n");
    BootImage first = locate(fileSystem());
    Files.write(tree.resolve("boot/vmlinuz-6.2"), kernel("another"));
    Files.delete(tree.resolve("vmlinuz"));
    Files.createSymbolicLink(tree.resolve("vmlinuz"), Path.of("boot/vmlinuz-6.2"));
    Files.delete(folder.resolve("fs.img"));

    BootImage second = locate(fileSystem());

    assertEquals("6.1", first.version());
    assertEquals("6.2", second.version());
    assertEquals("root=/dev/vda console=ttyS0 quiet", second.commandLine());
    assertNull(second.initrd());
    try (Stream<Path> kept = Files.list(cache)) {
      assertEquals(List.of(second.kernel().getParent()), kept.toList());
    }
  }

  @Test
  void saysThatThereIsNoKernel() throws Exception {
    assertTrue(refusal(fileSystem()).startsWith("The disk disk.raw has no Linux kernel where"));
  }

  @Test
  void saysThatTheBootLoadersKernelIsMissing() throws Exception {
    Files.writeString(tree.resolve("boot/grub/grub.cfg"), GRUB.formatted("/boot/gone", "/boot/a"));

    assertEquals(
        "The disk disk.raw lacks the kernel /boot/gone, which its boot loader would start.",
        refusal(fileSystem()));
  }

  @Test
  void refusesWhatIsNoKernelAndKeepsNothing() throws Exception {
    Files.writeString(tree.resolve("boot/vmlinuz-6.1"), "MZ, but no kernel");

    assertEquals(
        "The file /boot/vmlinuz-6.1 on the disk disk.raw is no Linux kernel for x86.",
        refusal(fileSystem()));
    try (Stream<Path> kept = Files.list(cache)) {
      assertEquals(List.of(), kept.toList());
    }
  }
}
