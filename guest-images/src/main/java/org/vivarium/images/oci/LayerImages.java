package org.vivarium.images.oci;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.vivarium.images.ImageException;
import org.vivarium.images.deb.Sha256;
import org.vivarium.images.store.Tool;

/**
 * Makes read-only SquashFS images of layers, in overlayfs's terms, and keeps each once: by the
 * digest of the layer and all below it (OCI image-spec, config.md, "Layer ChainID"), since what a
 * layer says can depend on them. Used for one image, by one thread.
 */
final class LayerImages {
  /** The program, of the package squashfs-tools. */
  static final String PROGRAM = "sqfstar";

  /** Most disks that an image becomes; a machine has room for some more. */
  static final int MOST = 12;

  private static final String SUFFIX = ".squashfs";
  private static final int MOST_SECONDS = 1800;

  private final Path folder;
  private final Path work;
  private final Path program;

  /** Layers that become one image, so that there are no more than {@link #MOST}. */
  private final int merged;

  private final List<Path> made = new ArrayList<>();
  private String chain = "";

  /**
   * @param folder where images are kept
   * @param work a folder on the same disk, for what is not whole yet
   * @param layers how many the image has
   */
  LayerImages(Path folder, Path work, Path program, int layers) {
    this.folder = folder;
    this.work = work;
    this.program = program;
    this.merged = layers <= MOST ? 1 : layers - MOST + 1;
  }

  static Optional<Path> program(Map<String, String> environment) {
    return Tool.find(PROGRAM, environment);
  }

  /**
   * Makes the image of a layer that was just applied, unless it is there.
   *
   * @param number of the layer, from 0
   * @throws ImageException if it cannot be written
   */
  void add(FileTree tree, OciImage.Layer layer, int number) throws IOException, ImageException {
    chain = number == 0 ? layer.diffId().toString() : sha256(chain + " " + layer.diffId());
    if (number < merged - 1) {
      return;
    }
    boolean base = number == merged - 1 && merged > 1;
    String name = chain.substring(chain.indexOf(':') + 1) + (base ? "-merged" : "") + SUFFIX;
    Path file = folder.resolve(name);
    if (!Files.exists(file)) {
      Files.createDirectories(folder);
      write(base ? tree.root() : tree.overlay(number), file);
    }
    made.add(file);
  }

  /** The images, the lowest first. */
  List<Path> made() {
    return made;
  }

  private void write(Node.Folder tree, Path file) throws IOException, ImageException {
    Path unfinished = work.resolve(String.valueOf(file.getFileName()));
    Path log = work.resolve("sqfstar.log");
    Tool tool = new Tool(log, MOST_SECONDS);
    // LZ4 takes a guest's processor the least time to unpack. The order of options matters: this
    // program's version 4.5 takes what follows "-X..." for part of it.
    List<String> command =
        List.of(
            program.toString(),
            "-comp",
            "lz4",
            "-mkfs-time",
            "0",
            "-exit-on-error",
            "-no-progress",
            unfinished.toString());
    if (tool.feed(command, out -> TreeTar.write(tree, out)) != 0) {
      throw new ImageException(
          "The layer's image %s cannot be written: %s said \"%s\"."
              .formatted(file, PROGRAM, lastWords(tool)));
    }
    try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    Files.delete(log);
  }

  private static String lastWords(Tool tool) {
    return tool.tail()
        .lines()
        .map(String::strip)
        .filter(line -> line.contains("ERROR") || line.contains("FATAL"))
        .collect(Collectors.joining(" "));
  }

  private static String sha256(String text) {
    MessageDigest digest = Sha256.digest();
    digest.update(text.getBytes(StandardCharsets.UTF_8));
    return new Digest(Sha256.hex(digest)).toString();
  }
}
