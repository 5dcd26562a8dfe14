package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HelpTest {
  @TempDir Path home;
  private CliFixture cli;

  @BeforeEach
  void setUp() {
    cli = new CliFixture(home);
  }

  static Stream<String> everyCommand() {
    Stream<String> parts =
        Stream.of(
            "disk attach",
            "disk detach",
            "disk create",
            "disk resize",
            "disk info",
            "net link",
            "net forward",
            "catalogue prepare",
            "catalogue rm",
            "catalogue add",
            "catalogue prune");
    return Stream.concat(Commands.GROUPS.values().stream().flatMap(List::stream), parts);
  }

  @ParameterizedTest
  @MethodSource("everyCommand")
  void helpOfEveryCommandShowsExamples(String command) {
    int status = cli.run(command + " --help");

    assertEquals(ExitStatus.OK, status);
    assertEquals("", cli.err());
    String text = cli.out();
    assertTrue(text.startsWith("Usage: vivarium " + command), text);
    assertTrue(text.contains("Examples:"), text);
    assertTrue(text.contains("  vivarium " + command), text);
  }

  @Test
  void helpOfAllShowsEachCommandInItsGroup() {
    assertEquals(ExitStatus.OK, cli.run("--help"));

    List<String> lines = cli.out().lines().toList();
    Commands.GROUPS.forEach(
        (title, names) -> {
          int at = lines.indexOf(title + ":");
          assertTrue(at > 0, title);
          for (String name : names) {
            int line = at + 1;
            while (line < lines.size() && !lines.get(line).startsWith("  " + name + " ")) {
              line++;
            }
            assertTrue(line < lines.size(), name + " is not below " + title);
          }
        });
    assertTrue(lines.stream().allMatch(line -> line.length() <= 100), cli.out());
  }

  @Test
  void completionIsAScriptThatBashReads() throws Exception {
    assertEquals(ExitStatus.OK, cli.run("completion"));
    Process bash = new ProcessBuilder("bash", "-n").redirectErrorStream(true).start();

    try (OutputStream script = bash.getOutputStream()) {
      script.write(cli.out().getBytes(StandardCharsets.UTF_8));
    }

    assertEquals("", new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    assertEquals(0, bash.waitFor());
    assertTrue(cli.out().contains("--no-balloon"));
  }
}
