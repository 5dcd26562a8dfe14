package org.vivarium.app.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import org.vivarium.images.ImageException;
import org.vivarium.images.library.DiskTree;
import org.vivarium.images.library.Templates;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Lists templates. */
@Command(
    name = "ls",
    description = "List the templates, and how many disks stand on those of each.",
    footer = {"", "Exit status: 0 done; 1 they could not be listed; 2 bad input."})
final class TemplateLsCommand extends ShellCommand {
  @Option(names = "--json", description = "Print them as JSON.")
  private boolean json;

  TemplateLsCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws ImageException {
    DiskTree tree = DiskTree.scan(shell.home());
    TextTable table = new TextTable("TEMPLATE", ">DISKS", ">CLONED DISKS");
    ArrayNode list = JsonText.array();
    for (Templates.Template template : new Templates(shell.home()).list()) {
      int over = tree.overFolder(template.folder()).size();
      int disks = template.disks().size();
      table.row(template.name(), Integer.toString(disks), Integer.toString(over));
      list.addObject().put("name", template.name()).put("disks", disks).put("clonedDisks", over);
    }
    if (json) {
      shell.out().println(JsonText.pretty(list));
    } else {
      table.lines().forEach(shell.out()::println);
    }
    return ExitStatus.OK;
  }
}
