package org.vivarium.app.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;
import org.vivarium.images.disk.BlockFile;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.Extent;
import org.vivarium.vmm.VmmException;
import picocli.CommandLine.Command;

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
final class DiskInfoCommand extends ImageFileCommand {
  DiskInfoCommand(Shell shell) {
    super(shell);
  }

  @Override
  void print(DiskImage image) throws VmmException, IOException {
    DiskFormat chosen = formatOf(file, format);
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
