package org.vivarium.app.cli;

import java.io.PrintStream;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs one command of the command line, and turns a failure into one sentence and a status. */
public final class Cli {
  private static final String DEBUG_VARIABLE = "VIVARIUM_DEBUG";

  private final Map<String, Command> commands = new LinkedHashMap<>();
  private final PrintStream out;
  private final PrintStream err;

  /**
   * A command line with the given commands.
   *
   * @param commands in the order of the help
   * @param out where results go
   * @param err where errors go
   */
  public Cli(Collection<Command> commands, PrintStream out, PrintStream err) {
    for (Command command : commands) {
      this.commands.put(command.name(), command);
    }
    this.out = out;
    this.err = err;
  }

  /** The command line that {@code ./vivarium} offers. */
  public static Cli standard(PrintStream out, PrintStream err) {
    return new Cli(List.of(new DoctorCommand()), out, err);
  }

  /**
   * Runs the command that the words name.
   *
   * @param words the command line, without the launcher's name
   * @return the exit status, one of {@link ExitStatus}
   */
  public int run(String... words) {
    try {
      return dispatch(List.of(words));
    } catch (CommandException e) {
      err.println(e.getMessage());
      return e.status();
    } catch (RuntimeException | Error e) {
      if (System.getenv(DEBUG_VARIABLE) != null) {
        e.printStackTrace(err);
      }
      err.println(
          "Vivarium met a fault of its own: " + e + "; " + DEBUG_VARIABLE + "=1 shows where.");
      return ExitStatus.FAILED;
    } finally {
      out.flush();
      err.flush();
    }
  }

  private int dispatch(List<String> words) throws CommandException {
    String first = words.isEmpty() ? "--help" : words.getFirst();
    switch (first) {
      case "--help", "-h", "help" -> Help.all(commands.values(), out);
      case "--version" -> out.println(version());
      default -> {
        return run(first, words.subList(1, words.size()));
      }
    }
    return ExitStatus.OK;
  }

  private int run(String name, List<String> words) throws CommandException {
    Command command = commands.get(name);
    if (command == null) {
      throw new CommandException(
          ExitStatus.BAD_INPUT,
          "Unknown command '"
              + name
              + "'"
              + Suggestion.among(commands.keySet(), name)
              + " './vivarium --help' lists the commands.");
    }
    int end = words.indexOf("--");
    List<String> options = end < 0 ? words : words.subList(0, end);
    if (options.contains("--help") || options.contains("-h")) {
      Help.of(command, out);
      return ExitStatus.OK;
    }
    return command.run(Arguments.parse(command, words), out);
  }

  private static String version() {
    String version = Cli.class.getPackage().getImplementationVersion();
    return "Vivarium "
        + (version == null ? "(development build)" : version)
        + ", Java "
        + Runtime.version()
        + ", "
        + System.getProperty("os.name")
        + " "
        + System.getProperty("os.version");
  }
}
