package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EditCommandTest {
  private static final String TWO_CPUS = "sed -i 's/\"cpus\" : 1/\"cpus\" : 2/'";
  private static final String NO_CPUS = "sed -i 's/\"cpus\" : ./\"cpus\" : 0/'";

  @TempDir Path home;
  private CliFixture cli;

  @BeforeEach
  void setUp() {
    cli = new CliFixture(home);
    cli.given("create web");
  }

  private int edit(String editor) {
    cli.environment.put("EDITOR", editor);
    return cli.run("edit web");
  }

  @Test
  void whatIsSavedIsTheDefinition() {
    assertEquals(ExitStatus.OK, edit(TWO_CPUS), cli.err());

    assertEquals(2, cli.machines.definition("web").cpus());
    assertEquals("", cli.out() + cli.err());
  }

  @Test
  void visualComesBeforeEditor() {
    cli.environment.put("VISUAL", TWO_CPUS);

    assertEquals(ExitStatus.OK, edit("false"), cli.err());
    assertEquals(2, cli.machines.definition("web").cpus());
  }

  @Test
  void noEditorAndNoTerminalIsRefused() {
    cli.environment.remove("EDITOR");
    cli.environment.remove("VISUAL");

    cli.assertRefused(ExitStatus.BAD_INPUT, "edit web");

    assertTrue(cli.err().contains("set EDITOR"), cli.err());
  }

  @Test
  void runningMachineIsToldItsTime() {
    cli.given("start web");

    edit(TWO_CPUS);

    assertTrue(cli.err().contains("next time"), cli.err());
  }

  @Test
  void nothingSavedIsNothingChanged() {
    assertEquals(ExitStatus.OK, edit("true"));

    assertEquals("Nothing was changed.", cli.err().strip());
  }

  @Test
  void unsoundDefinitionIsRefusedWhereNobodyCanBeAsked() {
    cli.environment.put("EDITOR", NO_CPUS);

    cli.assertRefused(ExitStatus.BAD_INPUT, "edit web");
    assertEquals(1, cli.machines.definition("web").cpus());
  }

  @Test
  void personMayGoBackToTheEditor() throws Exception {
    Path once = home.resolve("once");
    cli.tty.there = true;
    cli.type("y\n");

    int status =
        edit(
            "edit() { if mkdir "
                + once
                + " 2>&-; then "
                + NO_CPUS
                + " \"$1\"; else sed -i "
                + "'s/\"cpus\" : 0/\"cpus\" : 3/' \"$1\"; fi; }; edit");

    assertEquals(ExitStatus.OK, status, cli.err());
    assertTrue(Files.exists(once));
    assertTrue(cli.err().contains("Go back to the editor? [y/N]"), cli.err());
    assertEquals(3, cli.machines.definition("web").cpus());
  }

  @Test
  void personMayGiveUp() {
    cli.tty.there = true;
    cli.type("n\n");

    assertEquals(ExitStatus.BAD_INPUT, edit(NO_CPUS));
    assertEquals(1, cli.machines.definition("web").cpus());
  }

  @Test
  void editorThatFailsChangesNothing() {
    cli.environment.put("EDITOR", "false");

    cli.assertRefused(ExitStatus.FAILED, "edit web");
  }

  @Test
  void changeByAnotherMeanwhileIsKept() {
    Path file = home.resolve("vms/web/vm.json");

    int status = edit("edit() { echo >> " + file + "; " + TWO_CPUS + " \"$1\"; }; edit");

    assertEquals(ExitStatus.FAILED, status);
    assertEquals(1, cli.machines.definition("web").cpus());
  }
}
