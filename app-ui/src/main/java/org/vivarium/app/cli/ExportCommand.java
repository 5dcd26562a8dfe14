package org.vivarium.app.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.vivarium.app.machines.DiskCopy;
import org.vivarium.app.machines.DiskNames;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.definition.DefinitionJson;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.disk.DiskOpener;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Packs a machine into one file. */
@Command(
    name = ExportCommand.NAME,
    description = {
      "Pack a stopped machine into one file: its definition, its disks, and its kernel if that is"
          + " its own.",
      "Each disk goes in as one qcow2 image with all that it stands on; empty parts take no room. A"
          + " FILE that ends in .gz is compressed."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium export web web.tar.gz",
      "  vivarium import web.tar.gz       on this computer or another",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class ExportCommand extends ShellCommand {
  static final String NAME = "export";

  @Parameters(paramLabel = "NAME", description = "The machine.")
  private String name = "";

  @Parameters(paramLabel = "FILE", description = "The tar file to make.")
  private Path file = Path.of("");

  @Option(names = "--force", description = "Replace a FILE that is there.")
  private boolean force;

  ExportCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException {
    Machines machines = shell.machines();
    MachineSummary machine = machines.find(name);
    VmDefinition definition = definition(machine);
    if (isAlive(machine)) {
      throw new VmmException(
          "Machine %s runs and changes its disks; 'vivarium stop %s' first.".formatted(name, name));
    }
    Path target = file.toAbsolutePath().normalize();
    if (Files.exists(target) && !force) {
      throw new InvalidConfigException(
          "The file %s is there already; --force replaces it.".formatted(file));
    }
    try {
      Path folder = Files.createTempDirectory(target.getParent(), ".vivarium-export");
      try {
        Path made = folder.resolve("archive");
        pack(definition, machines.folder(name), folder, made);
        Files.move(made, target, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(folder.resolve("disk"));
        Files.deleteIfExists(folder.resolve("archive"));
        Files.deleteIfExists(folder);
      }
      return ExitStatus.OK;
    } catch (IOException e) {
      throw new VmmException(
          "The file %s cannot be made: %s.".formatted(file, Failures.reason(e)), e);
    }
  }

  private void pack(VmDefinition definition, Path home, Path scratch, Path made)
      throws IOException, VmmException {
    try (OutputStream out = output(made);
        TarArchiveOutputStream tar = new TarArchiveOutputStream(out, "UTF-8");
        ProgressLine progress = shell.progress()) {
      tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      byte[] json =
          DefinitionJson.write(ArchiveNames.inside(definition)).getBytes(StandardCharsets.UTF_8);
      begin(tar, ArchiveNames.DEFINITION, json.length);
      tar.write(json);
      tar.closeArchiveEntry();
      if (definition.guest() instanceof GuestSource.Kernel kernel) {
        add(tar, ArchiveNames.KERNEL, home.resolve(kernel.kernel()));
        Path initrd = kernel.initrd();
        if (initrd != null) {
          add(tar, ArchiveNames.INITRD, home.resolve(initrd));
        }
      }
      for (DiskConfig disk : definition.devices().disks()) {
        Path copy = scratch.resolve("disk");
        try (DiskImage image = DiskOpener.standard().open(DiskNames.located(disk, home))) {
          DiskCopy.write(image, copy, "Reading " + disk.id(), progress);
        }
        progress.advanced("Packing " + disk.id(), 0, 0);
        add(tar, ArchiveNames.disk(disk.id()), copy);
        Files.delete(copy);
      }
      tar.finish();
    }
  }

  private OutputStream output(Path made) throws IOException {
    OutputStream out = new BufferedOutputStream(Files.newOutputStream(made));
    return file.toString().endsWith(".gz") ? new GZIPOutputStream(out) : out;
  }

  private void add(TarArchiveOutputStream tar, String entry, Path content) throws IOException {
    begin(tar, entry, Files.size(content));
    Files.copy(content, tar);
    tar.closeArchiveEntry();
  }

  private void begin(TarArchiveOutputStream tar, String entry, long size) throws IOException {
    TarArchiveEntry header = new TarArchiveEntry(name + "/" + entry);
    header.setSize(size);
    tar.putArchiveEntry(header);
  }
}
