package org.vivarium.images.boot;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.vivarium.images.BootImage;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.deb.Sha256;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.ext4.Ext4Volume;
import org.vivarium.images.ext4.Volume;

/**
 * Boots a disk with the kernel that is installed on it: what the disk's own boot loader would
 * start, read from the disk at each start, so that a guest's kernel update takes effect at its next
 * one.
 *
 * <p>ext2, ext3 and ext4 are read, with GPT, MBR or no partition table; of a file system that was
 * not unmounted, as its journal makes it.
 */
public final class DiskBoot {
  private static final long MAX_KERNEL = 256L << 20;
  private static final long MAX_INITRD = 1L << 30;
  private static final int MAX_INITRDS = 8;

  /** The kernel's own limit on x86 (COMMAND_LINE_SIZE). */
  private static final int MAX_OPTIONS = 2047;

  private static final int SETUP_MAGIC = 0x202;
  private static final int KEY_DIGITS = 32;
  private static final String KERNEL = "vmlinuz";
  private static final String INITRD = "initrd";

  private DiskBoot() {}

  /** A kernel that was found, and where. */
  private record Found(Ext4Volume volume, BootEntry entry) {}

  /**
   * Finds the kernel, its initial RAM disk and its command line, and copies the files into a folder
   * unless they are there already. The command line ends with {@code console=ttyS0} unless it names
   * a serial console itself.
   *
   * @param disk the machine's first disk; no one writes it meanwhile
   * @param name what people call the disk, for messages
   * @param cache the folder for the copies, of this machine alone; made when needed
   * @throws DiskImageException where the disk cannot be booted so, with the reason
   * @throws IOException where a file cannot be read or written
   */
  public static BootImage locate(DiskImage disk, String name, Path cache) throws IOException {
    List<Ext4Volume> volumes = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    for (Volume volume : Partitions.of(disk, name)) {
      if (Ext4Volume.isPresent(volume)) {
        try {
          volumes.add(Ext4Volume.open(volume));
        } catch (DiskImageException e) {
          refused.add(e.getMessage());
        }
      }
    }
    if (volumes.isEmpty() && !refused.isEmpty()) {
      throw new DiskImageException(refused.getFirst());
    }
    Found found = find(volumes, name);
    try {
      return copy(found, name, cache);
    } catch (DiskImageException e) {
      if (!found.volume().needsRecovery()) {
        throw e;
      }
      throw new DiskImageException(
          "%s Its file system was not unmounted cleanly: start it once with a kernel of your own."
              .formatted(e.getMessage()),
          e);
    }
  }

  /** Finds an entry and the volume that has its kernel, which with a separate /boot is another. */
  private static Found find(List<Ext4Volume> volumes, String name) throws IOException {
    for (Ext4Volume volume : volumes) {
      Optional<BootEntry> entry = new InstalledKernel(volume).find();
      if (entry.isEmpty()) {
        continue;
      }
      if (volume.stat(entry.get().kernel()).isPresent()) {
        return new Found(volume, entry.get());
      }
      for (Ext4Volume other : volumes) {
        if (other.stat(entry.get().kernel()).isPresent()) {
          return new Found(other, entry.get());
        }
      }
      throw new DiskImageException(
          "The disk %s lacks the kernel %s, which its boot loader would start."
              .formatted(name, printable(entry.get().kernel())));
    }
    throw new DiskImageException(
        "The disk %s has no Linux kernel where one is looked for: in ext4 file systems, by GRUB's,"
                .formatted(name)
            + " extlinux's or systemd-boot's entries, or in /boot.");
  }

  private static BootImage copy(Found found, String name, Path cache) throws IOException {
    BootEntry entry = found.entry();
    if (entry.initrds().size() > MAX_INITRDS || entry.options().length() > MAX_OPTIONS) {
      throw new DiskImageException(
          "The boot loader's entry on %s has too many initial RAM disks or too long a command line."
              .formatted(name));
    }
    String key = key(found);
    Path folder = cache.resolve(key);
    Path initrd = folder.resolve(INITRD);
    if (!Files.exists(folder)) {
      Files.createDirectories(cache);
      Path unfinished = Files.createTempDirectory(cache, ".new");
      try {
        write(found, List.of(entry.kernel()), unfinished.resolve(KERNEL), MAX_KERNEL);
        checkKernel(unfinished.resolve(KERNEL), entry.kernel(), name);
        if (!entry.initrds().isEmpty()) {
          write(found, entry.initrds(), unfinished.resolve(INITRD), MAX_INITRD);
        }
        DurableFiles.publish(unfinished, cache, key);
      } finally {
        DurableFiles.deleteFolder(unfinished);
      }
      dropOthers(cache, key);
    }
    String options = printable(entry.options());
    boolean serial = options.contains("console=ttyS");
    return new BootImage(
        folder.resolve(KERNEL),
        entry.initrds().isEmpty() ? null : initrd,
        serial ? options : (options + " console=ttyS0").strip(),
        printable(release(found)));
  }

  /** What the kernel's file is called after "vmlinuz-", links followed one step. */
  private static String release(Found found) throws IOException {
    String path = found.volume().readLink(found.entry().kernel()).orElse(found.entry().kernel());
    String file = path.substring(path.lastIndexOf('/') + 1);
    return file.startsWith("vmlinuz-") ? file.substring("vmlinuz-".length()) : file;
  }

  /** Names the files by what changes when they do. */
  private static String key(Found found) throws IOException {
    MessageDigest digest = Sha256.digest();
    List<String> paths = new ArrayList<>(List.of(found.entry().kernel()));
    paths.addAll(found.entry().initrds());
    for (String path : paths) {
      String state = path + " " + found.volume().stat(path) + "\n";
      digest.update(state.getBytes(StandardCharsets.UTF_8));
    }
    digest.update(found.volume().uuid().getBytes(StandardCharsets.UTF_8));
    return Sha256.hex(digest).substring(0, KEY_DIGITS);
  }

  private static void write(Found found, List<String> paths, Path target, long limit)
      throws IOException {
    try (FileChannel channel =
            FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        OutputStream out = Channels.newOutputStream(channel)) {
      for (String path : paths) {
        found.volume().copy(path, limit, out);
        // Archives that follow each other begin at multiples of four (Linux, initramfs format).
        out.write(new byte[(int) (-channel.position() & 3)]);
      }
      channel.force(true);
    }
  }

  private static void checkKernel(Path kernel, String path, String name) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(SETUP_MAGIC + 4);
    try (FileChannel channel = FileChannel.open(kernel)) {
      while (head.hasRemaining() && channel.read(head) >= 0) {
        // A short file leaves zeros, which are no kernel's beginning.
      }
    }
    boolean bzImage = head.getInt(SETUP_MAGIC) == 0x48647253;
    boolean elf = head.getInt(0) == 0x7F454C46;
    if (!bzImage && !elf) {
      throw new DiskImageException(
          "The file %s on the disk %s is no Linux kernel for x86."
              .formatted(printable(path), name));
    }
  }

  private static void dropOthers(Path cache, String key) throws IOException {
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(cache)) {
      for (Path folder : folders) {
        if (!folder.getFileName().toString().equals(key)) {
          DurableFiles.deleteFolder(folder);
        }
      }
    }
  }

  private static String printable(String text) {
    return text.replaceAll("[^ -~]", "?");
  }
}
