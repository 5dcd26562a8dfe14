package org.vivarium.app.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.library.AllocationMap;
import org.vivarium.images.library.AllocationMap.Piece;
import picocli.CommandLine.Command;

/** Shows where a disk image holds data. */
@Command(
    name = "map",
    description = {
      "Show which parts of a disk its image stores, and which come from images below it.",
      "The rest reads as zeros and takes no space. A raw image counts as stored throughout."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium disk map root.qcow2",
      "  vivarium disk map root.qcow2 --json | jq .shared",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class DiskMapCommand extends ImageFileCommand {
  private static final int PIECES = 72;

  DiskMapCommand(Shell shell) {
    super(shell);
  }

  @Override
  void print(DiskImage image) throws IOException {
    AllocationMap map = AllocationMap.of(image, PIECES);
    if (json) {
      ObjectNode node = JsonText.object().put("file", file.toString());
      node.put("size", map.size()).put("own", map.own()).put("shared", map.shared());
      ArrayNode pieces = node.putArray("pieces");
      map.pieces().forEach(p -> pieces.addObject().put("own", p.own()).put("shared", p.shared()));
      shell.out().println(JsonText.pretty(node));
      return;
    }
    StringBuilder strip = new StringBuilder();
    map.pieces().forEach(piece -> strip.append(sign(piece)));
    shell.out().println("[" + strip + "]");
    shell.out().println("#+  stored here   " + Amounts.bytes(map.own()));
    shell.out().println("=-  from below    " + Amounts.bytes(map.shared()));
    long rest = map.size() - map.own() - map.shared();
    shell.out().println(".   nothing       " + Amounts.bytes(rest));
  }

  /** What most of a piece is; the second sign of each kind where it is less than half. */
  private static char sign(Piece piece) {
    if (piece.own() == 0 && piece.shared() == 0) {
      return '.';
    }
    if (piece.own() >= piece.shared()) {
      return piece.own() >= 0.5 ? '#' : '+';
    }
    return piece.shared() >= 0.5 ? '=' : '-';
  }
}
