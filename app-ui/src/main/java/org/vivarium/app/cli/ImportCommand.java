package org.vivarium.app.cli;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.machines.MacAddress;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.qcow2.Qcow2Image;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.definition.DefinitionJson;
import org.vivarium.vmm.definition.VmDefinition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a machine from what {@link ExportCommand} packed. */
@Command(
    name = ImportCommand.NAME,
    description = "Make a machine from a file that export made.",
    footer = {
      "",
      "Examples:",
      "  vivarium import web.tar.gz",
      "  vivarium import web.tar.gz --name web2      a copy, with network addresses of its own",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class ImportCommand extends ShellCommand {
  static final String NAME = "import";

  private static final int MAX_DEFINITION = 1 << 20;
  private static final int GZIP_MAGIC = 0x1F8B;

  @Parameters(paramLabel = "FILE", description = "The file.")
  private Path file = Path.of("");

  @Option(names = "--name", paramLabel = "NAME", description = "Another name for the machine.")
  private @Nullable String newName;

  ImportCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException {
    Machines machines = shell.machines();
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file));
        TarArchiveInputStream tar = new TarArchiveInputStream(plain(in), "UTF-8")) {
      String folder = folderOf(tar.getNextEntry());
      VmDefinition definition = definition(folder, tar);
      machines.create(definition);
      boolean done = false;
      try {
        unpack(tar, folder, definition, machines.folder(definition.name()));
        done = true;
      } finally {
        if (!done) {
          machines.delete(definition.name());
        }
      }
      return ExitStatus.OK;
    } catch (IOException e) {
      throw new VmmException(
          "The file %s cannot be imported: %s.".formatted(file, Failures.reason(e)), e);
    }
  }

  private static InputStream plain(InputStream in) throws IOException {
    in.mark(2);
    int magic = in.read() << 8 | in.read();
    in.reset();
    return magic == GZIP_MAGIC ? new GZIPInputStream(in) : in;
  }

  /** The folder that everything lies in, from the first entry, which is the definition. */
  private String folderOf(@Nullable TarArchiveEntry first) throws InvalidConfigException {
    String suffix = "/" + ArchiveNames.DEFINITION;
    String entry = first == null ? "" : first.getName();
    String folder = entry.endsWith(suffix) ? entry.replace(suffix, "") : "";
    if (first == null || !first.isFile() || folder.isEmpty() || first.getSize() > MAX_DEFINITION) {
      throw refusal("does not begin with a machine's definition");
    }
    return folder;
  }

  private InvalidConfigException refusal(String what) {
    return new InvalidConfigException(
        "The file %s %s; it was not made by 'vivarium export'.".formatted(file, what));
  }

  private VmDefinition definition(String folder, TarArchiveInputStream tar)
      throws IOException, VmmException {
    String text = new String(tar.readNBytes(MAX_DEFINITION), StandardCharsets.UTF_8);
    String chosen = newName;
    VmDefinition definition =
        DefinitionJson.read(chosen == null ? folder : chosen, text).definition();
    // Whoever made the file must not choose which of this computer's files the machine reads.
    if (!ArchiveNames.inside(definition).equals(definition)) {
      throw refusal("names files that are not its own");
    }
    if (chosen == null) {
      return definition;
    }
    List<NetConfig> cards =
        definition.devices().networks().stream()
            .map(c -> new NetConfig(c.id(), c.backend(), MacAddress.own(), c.linkUp(), c.limit()))
            .toList();
    return Definitions.withNetworks(definition, cards);
  }

  private void unpack(TarArchiveInputStream tar, String folder, VmDefinition definition, Path home)
      throws IOException, VmmException {
    Set<String> missing = new HashSet<>(ArchiveNames.files(definition));
    try (ProgressLine progress = shell.progress()) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        String name = entry.getName().replaceFirst("^\\Q" + folder + "\\E/", "");
        if (!entry.isFile() || !missing.remove(name)) {
          throw refusal("holds '%s', which its definition does not name".formatted(name));
        }
        progress.advanced("Unpacking " + name, 0, 0);
        Path target = home.resolve(name);
        Files.createDirectories(target.getParent());
        Files.copy(tar, target);
      }
    }
    if (!missing.isEmpty()) {
      throw refusal("lacks " + String.join(", ", missing));
    }
    for (DiskConfig disk : definition.devices().disks()) {
      // An image that stands on another would read that: only whole ones are let in.
      try {
        Qcow2Image.open(home.resolve(disk.file()), DiskOptions.readOnlyAccess()).close();
      } catch (DiskImageException e) {
        throw refusal("holds a disk that cannot be let in (" + Failures.reason(e) + ")");
      }
    }
  }
}
