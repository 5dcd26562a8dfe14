package org.vivarium.app.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.disk.BackingPolicy;
import org.vivarium.images.disk.BlockFile;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.Extent;
import org.vivarium.images.disk.FileLocker;
import org.vivarium.images.qcow2.DiskImages;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.disk.DiskOpener;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Tells what a disk image is. */
@Command(
    name = "info",
    description = {
      "Tell a disk image's format and size, how much of it holds data, and the images below it.",
      "While a machine writes to it, what is told may be a moment old."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium disk info data.qcow2",
      "  vivarium disk info data.qcow2 --json | jq .size",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class DiskInfoCommand extends ShellCommand {
  @Parameters(paramLabel = "FILE", description = "The image.")
  private Path file = Path.of("");

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "qcow2 or raw, where the file's name and first bytes do not agree.")
  private @Nullable DiskFormat format;

  @Option(names = "--json", description = "Print it as JSON.")
  private boolean json;

  DiskInfoCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException {
    try (DiskImage image = open(file, format)) {
      print(image, formatOf(file, format));
      return ExitStatus.OK;
    } catch (DiskImageException e) {
      throw new InvalidConfigException(e.getMessage(), e);
    } catch (IOException e) {
      throw new VmmException("Disk %s cannot be read: %s.".formatted(file, Failures.reason(e)), e);
    }
  }

  /**
   * Opens an image without its lock, to look at it.
   *
   * @param named its format, or null to tell it by name and first bytes
   */
  static DiskImage open(Path file, @Nullable DiskFormat named) throws VmmException, IOException {
    DiskOptions options =
        DiskOptions.readOnlyAccess()
            .withLocker(FileLocker.none())
            .withBacking(DiskInfoCommand::beside);
    return DiskImages.open(file, formatOf(file, named), options);
  }

  private static DiskFormat formatOf(Path file, @Nullable DiskFormat named) throws VmmException {
    return named != null
        ? named
        : DiskFormat.valueOf(DiskOpener.formatOf(DiskCommand.file(file)).name());
  }

  /** Nothing of the files below is shown but their names, so any regular file may be one. */
  private static BackingPolicy.BackingFile beside(Path image, String name, @Nullable String format)
      throws IOException {
    Path named = image.toAbsolutePath().resolveSibling(name);
    if (format == null || !Files.isRegularFile(named)) {
      return BackingPolicy.none().resolve(image, name, format);
    }
    return new BackingPolicy.BackingFile(named, DiskFormat.of(format));
  }

  private void print(DiskImage image, DiskFormat chosen) throws IOException {
    long data = data(image);
    List<BlockFile> layers = image.files();
    if (json) {
      ObjectNode node = JsonText.object().put("file", file.toString());
      node.put("format", chosen.id()).put("size", image.size()).put("data", data);
      ArrayNode below = node.putArray("backing");
      layers.stream().skip(1).forEach(layer -> below.add(layer.path().toString()));
      shell.out().println(JsonText.pretty(node));
      return;
    }
    shell.out().println("File     " + file);
    shell.out().println("Format   " + chosen.id());
    shell
        .out()
        .println("Size     %s (%d bytes)".formatted(Amounts.bytes(image.size()), image.size()));
    shell.out().println("Data     " + Amounts.bytes(data));
    layers.stream().skip(1).forEach(layer -> shell.out().println("Over     " + layer.path()));
  }

  /** Bytes of the disk that are stored, here or in an image below. */
  private static long data(DiskImage image) throws IOException {
    Extent extent = new Extent();
    long data = 0;
    for (long at = 0; at < image.size(); at += extent.length()) {
      image.map(at, image.size() - at, extent);
      if (extent.kind() == Extent.Kind.DATA || extent.kind() == Extent.Kind.COMPRESSED) {
        data += extent.length();
      }
    }
    return data;
  }
}
