package org.vivarium.app.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.vivarium.app.machines.DiskNames;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.disk.DiskOpener;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** Makes a disk larger. */
@Command(
    name = "resize",
    customSynopsis = {
      "vivarium disk resize [-hV] NAME DISK SIZE",
      "       vivarium disk resize [-hV] FILE SIZE"
    },
    description = {
      "Make a disk larger: one of a machine, also while that runs, or an image that none uses.",
      "Partitions and file systems on it keep their size; the guest enlarges them."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium disk resize web disk0 40G",
      "  vivarium disk resize data.qcow2 40G",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class DiskResizeCommand extends ShellCommand {
  @Parameters(
      arity = "2..3",
      paramLabel = "WORD",
      hideParamSyntax = true,
      description = "A machine, its disk and the new size; or a file and the new size.")
  private List<String> words = List.of();

  DiskResizeCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException {
    long size = size(words.getLast());
    if (words.size() == 2) {
      resize(DiskCommand.file(Path.of(words.getFirst())), size);
      return ExitStatus.OK;
    }
    Machines machines = shell.machines();
    MachineSummary machine = machines.find(words.getFirst());
    DiskConfig disk = DiskCommand.disk(definition(machine), words.get(1));
    if (isAlive(machine)) {
      try (MachineConnection connection = machines.connect(machine.name())) {
        connection.resizeDisk(disk.id(), size);
      }
    } else {
      resize(DiskNames.located(disk, machines.folder(machine.name())), size);
    }
    return ExitStatus.OK;
  }

  private static long size(String text) throws InvalidConfigException {
    try {
      return new MemorySize().convert(text);
    } catch (TypeConversionException e) {
      throw new InvalidConfigException("Size: %s.".formatted(e.getMessage()), e);
    }
  }

  private static void resize(DiskConfig disk, long size) throws VmmException {
    try (DiskImage image = DiskOpener.standard().open(disk)) {
      if (size < image.size()) {
        throw new InvalidConfigException(
            "Size: disk %s has %d bytes already, and a disk cannot be made smaller."
                .formatted(disk.file(), image.size()));
      }
      image.resize(size);
    } catch (DiskImageException e) {
      throw new InvalidConfigException(e.getMessage(), e);
    } catch (IOException e) {
      throw new VmmException(
          "Disk %s cannot be resized: %s.".formatted(disk.file(), Failures.reason(e)), e);
    }
  }
}
