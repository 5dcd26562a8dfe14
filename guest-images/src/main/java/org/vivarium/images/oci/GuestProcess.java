package org.vivarium.images.oci;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.vivarium.images.BootImage;
import org.vivarium.images.ImageException;
import org.vivarium.images.deb.Sha256;
import org.vivarium.images.tiny.TinyLinux;

/**
 * Makes a guest that runs one process of an image and powers off: Tiny Linux's kernel, and an
 * initial RAM disk that is Tiny Linux's, followed by the image's files or by what stacks the disks
 * of its layers. Stateless.
 */
public final class GuestProcess {
  /**
   * What the guest prints after the process, before the number that is its exit status: the byte
   * 036 keeps it apart from what the process prints.
   */
  public static final String EXIT_MARK = "\u001evivarium: exit ";

  /** The serial number of an ext4 disk that takes what the process writes, instead of memory. */
  public static final String WRITABLE = "writable";

  /** In the root of the initial RAM disk: how to start a process of the image. */
  static final String SCRIPT = "image.sh";

  /** In the root of the initial RAM disk: the image. */
  static final String FOLDER = "image";

  /** In the root of the initial RAM disk: what the guest's own layer begins with. */
  static final String UPPER = "upper";

  /** COMMAND_LINE_SIZE of Linux on x86, less the zero at its end. */
  private static final int LONGEST_COMMAND_LINE = 2047;

  private static final String SUFFIX = ".cpio";

  private GuestProcess() {}

  /**
   * How a guest is set up.
   *
   * @param form with layers, the machine needs {@link StoredImage#layers} as read-only disks whose
   *     serial numbers are those of {@link #serial}
   * @param terminal whether what carries the process's output is a terminal: else what it prints
   *     arrives byte for byte
   * @param carrier what carries the process's output
   * @param drivers whether the guest loads the drivers of its devices and sets up its network
   *     cards, which the process alone would not need
   */
  public record Setting(OciStore.Form form, boolean terminal, Carrier carrier, boolean drivers) {
    /** A guest whose process prints on the serial port. */
    public Setting(OciStore.Form form, boolean terminal, boolean drivers) {
      this(form, terminal, Carrier.SERIAL, drivers);
    }
  }

  /** What carries a process's output out of its guest. */
  public enum Carrier {
    /** The serial port, which every machine has; one exit to the hypervisor a byte. */
    SERIAL(""),
    /** The virtio console, hvc0, which is a terminal. */
    CONSOLE(" vivarium.device=hvc0"),
    /**
     * The second port of a virtio console: a pipe to the process. {@link GuestOutput#confirmation}
     * must be sent back.
     */
    PORT(" vivarium.device=vport0p1");

    private final String option;

    Carrier(String option) {
      this.option = option;
    }
  }

  /** The guest of an image as an archive. */
  public static BootImage guest(
      StoredImage image, ImageProcess process, BootImage tiny, boolean terminal, boolean drivers)
      throws ImageException {
    return guest(image, process, tiny, new Setting(OciStore.Form.ARCHIVE, terminal, drivers));
  }

  /**
   * The serial number by which the guest knows the disk of a layer.
   *
   * @param number of the layer's image, from 0, the lowest
   */
  public static String serial(int number) {
    return "layer%02d".formatted(number);
  }

  /**
   * Returns the guest; its initial RAM disk is made unless it is there.
   *
   * @param tiny Tiny Linux
   * @throws ImageException if the process's words do not fit into a kernel command line, or the
   *     disk space is missing
   */
  public static BootImage guest(
      StoredImage image, ImageProcess process, BootImage tiny, Setting setting)
      throws ImageException {
    String script =
        ". /%s\n%senter %s %s\n"
            .formatted(
                SCRIPT,
                setting.terminal() ? "terminal=1\n" : "",
                quoted(process.program()),
                process.words().stream()
                    .map(GuestProcess::quoted)
                    .collect(Collectors.joining(" ")));
    String line =
        // Errors of the kernel's devices would stand in the process's output; a panic still does.
        "%s loglevel=1%s%s vivarium.run=%s"
            .formatted(
                tiny.commandLine(),
                setting.drivers() ? " vivarium.drivers" : "",
                setting.carrier().option,
                Base64.getEncoder().encodeToString(script.getBytes(StandardCharsets.UTF_8)));
    if (line.length() > LONGEST_COMMAND_LINE) {
      throw new ImageException(
          "The command is too long for a guest's kernel command line: shorten it by %d characters."
              .formatted((line.length() - LONGEST_COMMAND_LINE) * 3 / 4 + 1));
    }
    return new BootImage(tiny.kernel(), initrd(image, tiny, setting), line, tiny.version());
  }

  /** Memory that a guest of an archive needs at the least, bytes: it, its files, and a system. */
  public static long memoryNeeded(StoredImage image) {
    // The kernel gives the files at most half of its memory.
    return (128L << 20) + 2 * image.description().fileBytes();
  }

  /** The script {@link #SCRIPT}: a function "enter PROGRAM NAME [ARGUMENT ...]". */
  static byte[] script(ImageProcess any) {
    String text =
        """
        enter() {
          exec env -i ${terminal:+TERM=xterm} %s \\
            /bin/stage B /bin/enter /%s %s %d %s "$@"
        }
        """
            .formatted(
                any.environment().stream()
                    .map(GuestProcess::quoted)
                    .collect(Collectors.joining(" ")),
                FOLDER,
                quoted(any.config().workingFolder()),
                any.identity().uid(),
                any.identity().groups().stream()
                    .map(String::valueOf)
                    .collect(Collectors.joining(",")));
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** A word as a POSIX shell takes it for itself. */
  static String quoted(String word) {
    return "'" + word.replace("'", "'\\''") + "'";
  }

  private static Path initrd(StoredImage image, BootImage tiny, Setting setting)
      throws ImageException {
    boolean layers = setting.form() == OciStore.Form.LAYERS;
    Path base =
        layers && !setting.drivers()
            ? TinyLinux.runInitrd(tiny)
            : Objects.requireNonNull(tiny.initrd(), "Tiny Linux has an initial RAM disk");
    Path folder = image.folder();
    // Another process may start guests of the other kind meanwhile: each outdates its own alone.
    String prefix = layers ? (setting.drivers() ? "drivers-" : "layers-") : "initrd-";
    try {
      Path made = folder.resolve(prefix + key(base) + SUFFIX);
      if (Files.exists(made)) {
        return made;
      }
      try (DirectoryStream<Path> old = Files.newDirectoryStream(folder, prefix + "*")) {
        for (Path outdated : old) {
          Files.deleteIfExists(outdated);
        }
      }
      Path temporary = Files.createTempFile(folder, "new", SUFFIX);
      try {
        try (OutputStream out = Files.newOutputStream(temporary)) {
          for (Path part : List.of(base, layers ? image.start() : image.archive())) {
            Files.copy(part, out);
          }
        }
        Files.move(temporary, made, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(temporary);
      }
      return made;
    } catch (IOException e) {
      throw new ImageException(
          "The guest's initial RAM disk cannot be written to %s (%s)."
              .formatted(folder, e.getMessage()),
          e);
    }
  }

  /** Changes with the file. */
  private static String key(Path file) throws IOException {
    MessageDigest digest = Sha256.digest();
    String state = file + " " + Files.size(file) + " " + Files.getLastModifiedTime(file).toMillis();
    digest.update(state.getBytes(StandardCharsets.UTF_8));
    return Sha256.hex(digest).substring(0, 16);
  }
}
