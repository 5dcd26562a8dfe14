package org.vivarium.app.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.definition.DefinitionJson;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Opens a machine's definition in an editor. */
@Command(
    name = EditCommand.NAME,
    description = {
      "Open a machine's definition (vm.json) in your editor: $VISUAL, else $EDITOR, else vi.",
      "What you save is checked first; nothing is changed until it is sound. What a running machine"
          + " cannot change holds at its next start."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium edit web",
      "  EDITOR=nano vivarium edit web",
      "  EDITOR=\"sed -i 's/\\\"cpus\\\" : 1/\\\"cpus\\\" : 2/'\" vivarium edit web",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input, or a definition that is not sound."
    })
final class EditCommand extends ShellCommand {
  static final String NAME = "edit";

  private static final String FILE = "vm.json";

  @Parameters(paramLabel = "NAME", description = "The machine.")
  private String name = "";

  EditCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException, InterruptedException {
    Machines machines = shell.machines();
    MachineSummary machine = machines.find(name);
    Path file = machines.folder(name).resolve(FILE);
    try {
      String before = Files.readString(file);
      Path copy = Files.createTempFile(name + "-", "-" + FILE);
      try {
        Files.writeString(copy, before);
        edit(machines, copy, before, file);
        if (isAlive(machine)) {
          shell.note("Machine %s runs; it starts with what you changed next time.".formatted(name));
        }
        return ExitStatus.OK;
      } finally {
        Files.deleteIfExists(copy);
      }
    } catch (IOException e) {
      throw new VmmException(
          "The definition %s cannot be edited: %s.".formatted(file, Failures.reason(e)), e);
    }
  }

  /** Edits until the text is sound, unchanged, or the person gives up. */
  private void edit(Machines machines, Path copy, String before, Path file)
      throws VmmException, IOException, InterruptedException {
    while (true) {
      runEditor(copy);
      String after = Files.readString(copy);
      if (after.equals(before)) {
        shell.note("Nothing was changed.");
        return;
      }
      try {
        if (!Files.readString(file).equals(before)) {
          throw new VmmException(
              "The definition %s was changed meanwhile by somebody else; begin again."
                  .formatted(file));
        }
        machines.update(DefinitionJson.read(name, after).definition());
        return;
      } catch (InvalidConfigException e) {
        String why = "What you saved is no definition: " + e.getMessage();
        if (!shell.canAsk()) {
          throw new InvalidConfigException(why, e);
        }
        shell.note(why);
        if (!Question.yes(shell, "Go back to the editor?")) {
          throw new InvalidConfigException("Nothing was changed.", e);
        }
      }
    }
  }

  private void runEditor(Path copy) throws VmmException, IOException, InterruptedException {
    String editor = editor();
    // A shell splits what the variable holds, as git does: it may carry options.
    int status =
        new ProcessBuilder("/bin/sh", "-c", editor + " \"$1\"", "sh", copy.toString())
            .inheritIO()
            .start()
            .waitFor();
    if (status != 0) {
      throw new VmmException(
          "The editor '%s' ended with status %d; nothing was changed.".formatted(editor, status));
    }
  }

  private String editor() throws InvalidConfigException {
    for (String variable : new String[] {"VISUAL", "EDITOR"}) {
      String value = shell.environment().getOrDefault(variable, "");
      if (!value.isBlank()) {
        return value;
      }
    }
    // Without a terminal vi would wait for ever.
    if (!shell.canAsk()) {
      throw new InvalidConfigException(
          "Here is no terminal for vi: set EDITOR to a program that needs none.");
    }
    return "vi";
  }
}
