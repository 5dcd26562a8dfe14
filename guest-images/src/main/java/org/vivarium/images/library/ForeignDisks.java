package org.vivarium.images.library;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.store.Tool;

/**
 * Takes disks of other programs: VMDK, VDI, VHD and VHDX are converted by QEMU's {@code qemu-img},
 * which has to be installed for that; raw and qcow2 disks, and block devices as raw, need no tool.
 */
public final class ForeignDisks {
  private static final Map<String, String> FORMATS =
      Map.of("vmdk", "vmdk", "vdi", "vdi", "vhd", "vpc", "vhdx", "vhdx");
  private static final Pattern PERCENT = Pattern.compile("\\((\\d+)(?:\\.\\d+)?/100%\\)\\s*$");
  private static final long SECONDS = 24 * 3600;

  private ForeignDisks() {}

  /** The endings of the names that are known: "vmdk", "vdi", "vhd", "vhdx". */
  public static List<String> formats() {
    return FORMATS.keySet().stream().sorted().toList();
  }

  /**
   * Converts a foreign disk to a new qcow2 disk. An interrupt ends it; the target appears whole or
   * not at all.
   *
   * @param source the disk; its format is told by its name's ending, never by its content
   * @param target the disk to make
   * @param environment the process's environment
   * @throws ImageException if the format is unknown, qemu-img is missing, or the disk is damaged
   */
  public static void take(
      Path source, Path target, Map<String, String> environment, Progress progress)
      throws ImageException {
    String name = source.getFileName().toString().toLowerCase(Locale.ROOT);
    String format = FORMATS.get(name.substring(name.lastIndexOf('.') + 1));
    if (format == null) {
      throw new ImageException(
          "The disk %s has none of the endings %s."
              .formatted(source, String.join(", ", formats())));
    }
    if (Files.exists(target)) {
      throw new ImageException(
          "The file %s is there already; choose another name.".formatted(target));
    }
    Optional<Path> tool = Tool.find("qemu-img", environment);
    if (tool.isEmpty()) {
      throw new ImageException(
          "Disks of other programs need qemu-img; install with: apt-get install qemu-utils");
    }
    try {
      Path folder = Files.createTempDirectory(target.toAbsolutePath().getParent(), ".new");
      try {
        convert(tool.get(), format, source, folder, progress);
        Files.move(folder.resolve("disk"), target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        DurableFiles.deleteFolder(folder);
      }
    } catch (IOException e) {
      throw new ImageException(
          "Cannot write the disk %s; check the free space.".formatted(target), e);
    }
  }

  private static void convert(Path tool, String format, Path source, Path folder, Progress progress)
      throws ImageException {
    Path disk = folder.resolve("disk");
    Tool run = new Tool(folder.resolve("log"), SECONDS);
    List<String> command =
        List.of(
            tool.toString(),
            "convert",
            "-p",
            "-f",
            format,
            "-O",
            DiskFormat.QCOW2.id(),
            source.toAbsolutePath().toString(),
            disk.toString());
    int status =
        run.run(
            command,
            line -> {
              Matcher percent = PERCENT.matcher(line);
              if (percent.find()) {
                progress.advanced("Converting", Long.parseLong(percent.group(1)), 100);
              }
            });
    if (status != 0 || !Files.exists(disk)) {
      List<String> lines = run.tail().lines().filter(l -> l.contains("qemu-img:")).toList();
      String reason = lines.isEmpty() ? "it gave no reason" : lines.getLast().strip();
      throw new ImageException(
          "The disk %s cannot be converted: %s."
              .formatted(source, reason.replaceAll("[^ -~]", "?").replaceAll("\\.$", "")));
    }
  }
}
