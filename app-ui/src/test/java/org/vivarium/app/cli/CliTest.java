package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class CliTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  /** What the test's command does. */
  @FunctionalInterface
  private interface Body {
    int run(Arguments arguments) throws CommandException;
  }

  private record Sample(Body body) implements Command {
    @Override
    public String name() {
      return "sample";
    }

    @Override
    public String summary() {
      return "Try something.";
    }

    @Override
    public List<Option> options() {
      return List.of(
          Option.value(
              "--an-option-with-a-long-name",
              "VALUE",
              "A description that is too long for one line of a terminal and goes on below."),
          Option.flag("--flag", "Short."));
    }

    @Override
    public int run(Arguments arguments, PrintStream out) throws CommandException {
      return body.run(arguments);
    }
  }

  private int run(Body body, String... words) {
    try (PrintStream outStream = new PrintStream(out, true, StandardCharsets.UTF_8);
        PrintStream errStream = new PrintStream(err, true, StandardCharsets.UTF_8)) {
      return new Cli(List.of(new Sample(body)), outStream, errStream).run(words);
    }
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void statusOfTheCommandIsReturned() {
    assertEquals(3, run(arguments -> arguments.has("--flag") ? 3 : 0, "sample", "--flag"));
    assertEquals("", err());
  }

  @Test
  void helpListsTheCommands() {
    int status = run(arguments -> 9, "--help");

    assertEquals(ExitStatus.OK, status);
    assertTrue(out().contains("  sample  Try something.\n"));
    assertEquals("", err());
  }

  @Test
  void helpOfACommandListsItsOptionsAndDoesNotRunIt() {
    int status = run(arguments -> 9, "sample", "--flag", "--help");

    assertEquals(ExitStatus.OK, status);
    assertEquals(
        """
        Try something.

        Usage: ./vivarium sample [OPTIONS]

        Options:
          --an-option-with-a-long-name VALUE
                  A description that is too long for one line of a terminal and goes on
                  below.
          --flag  Short.
          --help  Show this help.
        """,
        out());
  }

  @Test
  void versionNamesTheProgramAndTheJavaRuntime() {
    run(arguments -> 9, "--version");

    assertTrue(out().matches("Vivarium .*, Java 25.*, Linux .*\n"));
  }

  @Test
  void unknownCommandIsBadInputInOneLine() {
    int status = run(arguments -> 0, "sampel");

    assertEquals(ExitStatus.BAD_INPUT, status);
    assertEquals(
        "Unknown command 'sampel'; did you mean 'sample'? './vivarium --help' lists the commands.\n",
        err());
    assertEquals("", out());
  }

  @Test
  void failureIsItsMessageAndStatus() {
    int status =
        run(
            arguments -> {
              throw new CommandException(ExitStatus.FAILED, "The disk is full.");
            },
            "sample");

    assertEquals(ExitStatus.FAILED, status);
    assertEquals("The disk is full.\n", err());
  }

  @Test
  void faultOfTheProgramIsOneLineWithoutAStackTrace() {
    int status =
        run(
            arguments -> {
              throw new IllegalStateException("two owners");
            },
            "sample");

    assertEquals(ExitStatus.FAILED, status);
    assertEquals(1, err().lines().count());
    assertTrue(err().contains("two owners"));
  }

  @Test
  void wordAfterTwoDashesIsNoRequestForHelp() {
    int status = run(arguments -> 7, "sample", "--", "--help");

    assertEquals(ExitStatus.BAD_INPUT, status);
    assertEquals("Unexpected argument '--help'.\n", err());
  }

  @Test
  void doctorRunsOnThisComputer() {
    try (PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8)) {
      int status = Cli.standard(stream, stream).run("doctor", "--json");

      assertTrue(status == ExitStatus.OK || status == ExitStatus.FAILED);
      assertTrue(out().startsWith("{"));
    }
  }
}
