package org.vivarium.app.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.RawImage;
import org.vivarium.images.qcow2.Qcow2Creator;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a disk image. */
@Command(
    name = "create",
    description = "Make an empty disk image, which takes room only for what is written to it.",
    footer = {
      "",
      "Examples:",
      "  vivarium disk create data.qcow2 20G",
      "  vivarium disk create data.img 512M --format raw",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class DiskCreateCommand extends ShellCommand {
  private static final int SECTOR = 512;

  @Parameters(paramLabel = "FILE", description = "The image, which is not there yet.")
  private Path file = Path.of("");

  @Parameters(
      paramLabel = "SIZE",
      converter = MemorySize.class,
      description = "The disk's size, such as 20G.")
  private long size;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "qcow2 or raw. Default: qcow2, unless FILE ends in .raw or .img.")
  private @Nullable DiskFormat format;

  DiskCreateCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException {
    if (size == 0 || size % SECTOR != 0) {
      throw new InvalidConfigException(
          "Size: %d bytes is not possible; choose a multiple of %d.".formatted(size, SECTOR));
    }
    DiskFormat chosen = format;
    try {
      switch (chosen == null ? formatOf(file) : chosen) {
        case RAW -> RawImage.create(file, size);
        case QCOW2 -> Qcow2Creator.create(file, Qcow2Creator.Spec.of(size));
      }
      return ExitStatus.OK;
    } catch (DiskImageException e) {
      throw new InvalidConfigException(e.getMessage(), e);
    } catch (IOException e) {
      throw new VmmException("Disk %s cannot be made: %s.".formatted(file, Failures.reason(e)), e);
    }
  }

  private static DiskFormat formatOf(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".raw") || name.endsWith(".img") ? DiskFormat.RAW : DiskFormat.QCOW2;
  }
}
