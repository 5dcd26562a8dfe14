package org.vivarium.app.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.disk.BackingPolicy;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.FileLocker;
import org.vivarium.images.qcow2.DiskImages;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.disk.DiskOpener;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A command that looks at an image, also while a machine uses it. */
abstract class ImageFileCommand extends ShellCommand {
  @Parameters(paramLabel = "FILE", description = "The image.")
  Path file = Path.of("");

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "qcow2 or raw, where the file's name and first bytes do not agree.")
  @Nullable DiskFormat format;

  @Option(names = "--json", description = "Print it as JSON.")
  boolean json;

  ImageFileCommand(Shell shell) {
    super(shell);
  }

  /** Prints what there is to tell of the image. */
  abstract void print(DiskImage image) throws VmmException, IOException;

  @Override
  public Integer call() throws VmmException {
    try (DiskImage image = open(file, format)) {
      print(image);
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
  private static DiskImage open(Path file, @Nullable DiskFormat named)
      throws VmmException, IOException {
    DiskOptions options =
        DiskOptions.readOnlyAccess()
            .withLocker(FileLocker.none())
            .withBacking(ImageFileCommand::beside);
    return DiskImages.open(file, formatOf(file, named), options);
  }

  static DiskFormat formatOf(Path file, @Nullable DiskFormat named) throws VmmException {
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
}
