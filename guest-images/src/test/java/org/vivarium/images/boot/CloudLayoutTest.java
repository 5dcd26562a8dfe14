package org.vivarium.images.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.BootImage;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.ext4.ExtFixture;

/** Stand-ins of the well-known cloud images: their partitions and their boot loaders' files. */
class CloudLayoutTest {
  private static final int MIB = 2048;

  /** Sectors of each partition. */
  private static final int SIZE = 8 * MIB;

  @TempDir Path folder;

  /** What lies in a partition: its number as the guest counts, and its content. */
  private record Part(int number, byte[] content) {}

  private Path file(String tree, String path, byte[] content) throws IOException {
    Path file = folder.resolve(tree).resolve(path);
    Files.createDirectories(Objects.requireNonNull(file.getParent()));
    return Files.write(file, content);
  }

  private void text(String tree, String path, String content) throws IOException {
    file(tree, path, content.getBytes(StandardCharsets.US_ASCII));
  }

  private void kernel(String tree, String path) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(0x300);
    bytes.put(0x202, "HdrS".getBytes(StandardCharsets.US_ASCII));
    file(tree, path, bytes.array());
  }

  private byte[] ext4(String tree) throws Exception {
    Path made = ExtFixture.make(folder, folder.resolve(tree), "-t ext4", "8M");
    byte[] content = Files.readAllBytes(made);
    Files.delete(made);
    return content;
  }

  /** A file system that is not read, by the mark that its superblock has. */
  private static byte[] btrfs() {
    byte[] content = new byte[SIZE * 512];
    byte[] mark = "_BHRfS_M".getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(mark, 0, content, 0x10040, mark.length);
    return content;
  }

  private BootImage locate(Part... parts) throws IOException {
    List<GptFixture.Part> table = new ArrayList<>();
    int sector = MIB;
    for (Part part : parts) {
      table.add(new GptFixture.Part(part.number - 1, sector, sector + SIZE - 1L));
      sector += SIZE;
    }
    ByteBuffer disk = GptFixture.disk(sector + MIB, table.toArray(GptFixture.Part[]::new));
    for (int i = 0; i < parts.length; i++) {
      disk.put((int) table.get(i).first() * 512, parts[i].content);
    }
    Path image = Files.write(folder.resolve("disk.raw"), disk.array());
    try (DiskImage open = ExtFixture.open(image)) {
      return DiskBoot.locate(open, "disk.raw", folder.resolve("cache"));
    }
  }

  private static String initrd(BootImage boot) throws IOException {
    return Files.readString(Objects.requireNonNull(boot.initrd()));
  }

  /** Debian 12 and 13: everything in the first partition, the system partitions behind it. */
  @Test
  void debiansKernelIsFoundInItsRoot() throws Exception {
    text(
        "root",
        "boot/grub/grub.cfg",
        """
        set default="0"
        menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple-1' {
        \tload_video
        \tif [ x$grub_platform = xxen ]; then insmod xzio; insmod lzopio; fi
        \tlinux\t/boot/vmlinuz-6.1.0-40-cloud-amd64 root=PARTUUID=2c4b ro console=tty0 console=ttyS0,115200 consoleblank=0
        \tinitrd\t/boot/initrd.img-6.1.0-40-cloud-amd64
        }
        submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced-1' {
        }
        """);
    kernel("root", "boot/vmlinuz-6.1.0-40-cloud-amd64");
    text("root", "boot/initrd.img-6.1.0-40-cloud-amd64", "init");

    BootImage boot = locate(new Part(1, ext4("root")), new Part(15, new byte[512]));

    assertEquals("6.1.0-40-cloud-amd64", boot.version());
    assertEquals(
        "root=PARTUUID=2c4b ro console=tty0 console=ttyS0,115200 consoleblank=0",
        boot.commandLine());
    assertEquals("init", initrd(boot));
  }

  /** Ubuntu 24.04: /boot is the sixteenth partition, and its GRUB tries without an initrd first. */
  @Test
  void ubuntusKernelIsFoundInItsBootPartition() throws Exception {
    text("root", "etc/os-release", "NAME=Ubuntu");
    Files.createDirectories(folder.resolve("root/boot"));
    text(
        "boot",
        "grub/grub.cfg",
        """
        if [ "${next_entry}" ] ; then
           set default="${next_entry}"
        else
           set default="0"
        fi
        menuentry 'Ubuntu' --class ubuntu $menuentry_id_option 'gnulinux-simple-1' {
        \trecordfail
        \tif [ "${initrdfail}" = 1 ]; then
        \t  linux\t/vmlinuz-6.8.0-64-generic root=PARTUUID=5f1a ro  console=tty1 console=ttyS0
        \t  initrd\t/initrd.img-6.8.0-64-generic
        \telse
        \t  linux\t/vmlinuz-6.8.0-64-generic root=PARTUUID=5f1a ro  console=tty1 console=ttyS0 panic=-1
        \tfi
        \tinitrdfail
        }
        """);
    kernel("boot", "vmlinuz-6.8.0-64-generic");
    text("boot", "initrd.img-6.8.0-64-generic", "init");

    BootImage boot =
        locate(new Part(1, ext4("root")), new Part(15, new byte[512]), new Part(16, ext4("boot")));

    assertEquals("6.8.0-64-generic", boot.version());
    assertEquals("root=PARTUUID=5f1a ro console=tty1 console=ttyS0 panic=-1", boot.commandLine());
    assertEquals("init", initrd(boot));
  }

  /** Fedora 43: the root is btrfs, /boot is ext4 with an entry of the specification for each. */
  @Test
  void fedorasKernelIsFoundInItsBootPartition() throws Exception {
    text(
        "boot",
        "loader/entries/1d0c-6.17.1-300.fc43.x86_64.conf",
        """
        title Fedora Linux (6.17.1-300.fc43.x86_64) 43 (Cloud Edition)
        version 6.17.1-300.fc43.x86_64
        linux /vmlinuz-6.17.1-300.fc43.x86_64
        initrd /initramfs-6.17.1-300.fc43.x86_64.img $tuned_initrd
        options root=UUID=7b3e rootflags=subvol=root console=tty1 console=ttyS0,115200n8
        grub_users $grub_users
        """);
    text(
        "boot",
        "loader/entries/1d0c-0-rescue.conf",
        "title Rescue\nlinux /vmlinuz-0-rescue-1d0c\n");
    kernel("boot", "vmlinuz-6.17.1-300.fc43.x86_64");
    text("boot", "initramfs-6.17.1-300.fc43.x86_64.img", "init");

    BootImage boot =
        locate(
            new Part(1, new byte[512]),
            new Part(2, new byte[512]),
            new Part(3, ext4("boot")),
            new Part(4, btrfs()));

    assertEquals("6.17.1-300.fc43.x86_64", boot.version());
    assertEquals(
        "root=UUID=7b3e rootflags=subvol=root console=tty1 console=ttyS0,115200n8",
        boot.commandLine());
    assertEquals("init", initrd(boot));
  }

  /** Fedora 44: /boot lies in btrfs too, which is why the catalogue has no entry of it. */
  @Test
  void aKernelInBtrfsIsRefusedWithTheReason() {
    String said =
        String.valueOf(
            assertThrows(DiskImageException.class, () -> locate(new Part(3, btrfs())))
                .getMessage());

    assertTrue(said.startsWith("The disk disk.raw has no Linux kernel where"), said);
    assertTrue(said.contains("ext4"), said);
  }
}
