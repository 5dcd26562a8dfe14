package org.vivarium.app.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.vivarium.images.ImageException;
import org.vivarium.vmm.Engines;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Runs one command of the command line, and turns a failure into one sentence and a status. */
public final class Cli {
  private static final String DEBUG_VARIABLE = "VIVARIUM_DEBUG";

  private final PrintStream out;
  private final PrintStream err;

  /**
   * @param out where results go
   * @param err where errors go
   */
  public Cli(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /**
   * Runs the command that the words name; with no word, the first guest in the terminal.
   *
   * @param words the command line, without the launcher's name
   * @return the exit status, one of {@link ExitStatus}
   */
  public int run(String... words) {
    if (words.length == 0) {
      err.println("There is no display; here is a first guest in the terminal (--help for more).");
      return boot().execute();
    }
    // The command that starts a machine skips the model of all the others, for its start is timed.
    if (words[0].equals(BootCommand.NAME)) {
      // The library that reads the command line takes a while to load; so does what opens KVM.
      Engines.prepare();
      return boot().execute(Arrays.copyOfRange(words, 1, words.length));
    }
    return line(new VivariumCommand()).execute(words);
  }

  private CommandLine boot() {
    return line(new BootCommand()).setCommandName(VivariumCommand.NAME + " " + BootCommand.NAME);
  }

  private CommandLine line(Object command) {
    CommandLine line = new CommandLine(command);
    line.setOut(new PrintWriter(out, true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setParameterExceptionHandler(Cli::badCommandLine);
    line.setExecutionExceptionHandler(Cli::failed);
    return line;
  }

  private static int badCommandLine(ParameterException e, String[] words) {
    CommandLine command = e.getCommandLine();
    String help = command.getCommandSpec().qualifiedName() + " --help";
    command.getErr().println(sentence(String.valueOf(e.getMessage())) + " See '" + help + "'.");
    return ExitStatus.BAD_INPUT;
  }

  private static int failed(Exception e, CommandLine command, ParseResult parsed) {
    PrintWriter err = command.getErr();
    if (System.getenv(DEBUG_VARIABLE) != null) {
      e.printStackTrace(err);
    }
    return switch (e) {
      case InvalidConfigException bad -> {
        err.println(bad.getMessage());
        yield ExitStatus.BAD_INPUT;
      }
      case VmmException refused -> {
        err.println(refused.getMessage());
        yield ExitStatus.FAILED;
      }
      case ImageException missing -> {
        err.println(missing.getMessage());
        yield ExitStatus.FAILED;
      }
      default -> {
        err.println(
            "Vivarium met a fault of its own: " + e + "; " + DEBUG_VARIABLE + "=1 shows where.");
        yield ExitStatus.FAILED;
      }
    };
  }

  private static String sentence(String text) {
    return text.endsWith(".") ? text : text + ".";
  }
}
