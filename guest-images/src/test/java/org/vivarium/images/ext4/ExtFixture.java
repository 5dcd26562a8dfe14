package org.vivarium.images.ext4;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.vivarium.images.ImageException;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.RawImage;
import org.vivarium.images.store.Tool;

/** File systems made by e2fsprogs, for tests of what reads them. */
public final class ExtFixture {
  private static final int MANY = 600;

  private ExtFixture() {}

  /** A folder with a file of each kind. */
  public static Path tree(Path folder) throws IOException {
    Path root = Files.createDirectories(folder.resolve("tree"));
    Path deep = Files.createDirectories(root.resolve("deep/a/b"));
    Files.writeString(root.resolve("small"), "small\n");
    Files.write(root.resolve("big"), big());
    Files.writeString(deep.resolve("target"), "found\n");
    Files.createSymbolicLink(root.resolve("absolute"), Path.of("/deep/a/b/target"));
    Files.createSymbolicLink(root.resolve("deep/relative"), Path.of("../deep/./a/b/target"));
    Files.createSymbolicLink(root.resolve("loop"), Path.of("loop"));
    Files.createSymbolicLink(
        root.resolve("long"), Path.of("deep/" + "a/../".repeat(20) + "a/b/target"));
    Path many = Files.createDirectories(root.resolve("many"));
    for (int i = 0; i < MANY; i++) {
      Files.createFile(many.resolve("a-file-with-a-rather-long-name-" + i));
    }
    return root;
  }

  /** What is in "big": enough for several extents and levels of block pointers. */
  public static byte[] big() {
    byte[] bytes = new byte[700_001];
    new Random(7).nextBytes(bytes);
    return bytes;
  }

  /** Makes a file system of a folder; the test is left out where e2fsprogs are not installed. */
  public static Path make(Path folder, Path tree, String options, String size)
      throws ImageException {
    assumeTrue(Tool.find("mke2fs", System.getenv()).isPresent(), "e2fsprogs are not here");
    Path image = folder.resolve("fs.img");
    List<String> command = new ArrayList<>(List.of("mke2fs", "-q", "-F"));
    command.addAll(List.of(options.split(" ")));
    command.addAll(List.of("-d", tree.toString(), image.toString(), size));
    run(folder, command, 0);
    return image;
  }

  /** Runs a program that must end with a status of at most this. */
  public static void run(Path folder, List<String> command, int most) throws ImageException {
    Tool tool = new Tool(folder.resolve("log.txt"), 120);
    if (tool.run(command, _ -> {}) > most) {
      throw new ImageException("%s failed: %s".formatted(command, tool.tail()));
    }
  }

  /** The blocks of a file. */
  static List<String> blocks(Path folder, Path image, String file) throws ImageException {
    Tool tool = new Tool(folder.resolve("log.txt"), 60);
    tool.run(List.of("debugfs", "-R", "blocks " + file, image.toString()), _ -> {});
    return Stream.of(tool.tail().split("\\s+")).filter(word -> word.matches("[0-9]+")).toList();
  }

  /** Writes to the journal alone, in debugfs's words. */
  static void journal(Path folder, Path image, String... commands) throws Exception {
    Path script = Files.writeString(folder.resolve("script"), String.join("\n", commands) + "\n");
    run(folder, List.of("debugfs", "-w", "-f", script.toString(), image.toString()), 0);
  }

  /** A disk whose content is a file's. */
  public static DiskImage open(Path image) throws IOException {
    return RawImage.open(image, DiskOptions.readOnlyAccess());
  }

  /** A disk whose content is given. */
  public static DiskImage open(Path folder, byte[] content) throws IOException {
    Path file = Files.createTempFile(folder, "disk", ".raw");
    Files.write(file, content);
    return open(file);
  }

  /** The whole of a disk as a volume. */
  public static Volume whole(DiskImage disk) {
    return new Volume(disk, 0, disk.size(), "the test's disk");
  }
}
