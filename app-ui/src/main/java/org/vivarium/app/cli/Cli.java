package org.vivarium.app.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Supplier;
import org.vivarium.vmm.Engines;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Runs one command of the command line, and turns a failure into one sentence and a status. */
public final class Cli {
  static {
    // Of what picocli finds by reflection, dates, times and parts of java.sql, no option is any but
    // a path, which PathWord reads; each command would look all of them up.
    System.setProperty("picocli.converters.excludes", ".*");
  }

  private final PrintStream out;
  private final PrintStream err;
  private final Supplier<Shell> shell;

  /**
   * @param out where results go
   * @param err where errors go
   */
  public Cli(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
    this.shell = () -> Shell.ofThisProcess(out, err);
  }

  /**
   * @param shell what commands about machines work with
   */
  Cli(Shell shell) {
    this.out = shell.out();
    this.err = shell.err();
    this.shell = () -> shell;
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
    // So do the others, only that help and mistakes want the whole.
    CommandLine one = Commands.one(words[0], shell.get());
    if (one != null) {
      one.setCommandName(VivariumCommand.NAME + " " + words[0]);
      return prepared(one).execute(Arrays.copyOfRange(words, 1, words.length));
    }
    return prepared(Commands.all(shell.get())).execute(words);
  }

  private CommandLine boot() {
    CommandLine line = new CommandLine(BootCommand.spec(), new LazyFactory());
    return prepared(line.setCommandName(VivariumCommand.NAME + " " + BootCommand.NAME));
  }

  private CommandLine prepared(CommandLine line) {
    line.setOut(new PrintWriter(out, true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.registerConverter(Path.class, new PathWord());
    line.setParameterExceptionHandler(Cli::badCommandLine);
    line.setExecutionExceptionHandler(Cli::failed);
    return line;
  }

  /** picocli's own converter of paths goes by reflection, for which the JVM spins three classes. */
  private static final class PathWord implements ITypeConverter<Path> {
    @Override
    public Path convert(String word) {
      return Path.of(word);
    }
  }

  private static int badCommandLine(ParameterException e, String[] words) {
    CommandLine command = e.getCommandLine();
    String help = command.getCommandSpec().qualifiedName() + " --help";
    command.getErr().println(sentence(String.valueOf(e.getMessage())) + " See '" + help + "'.");
    return ExitStatus.BAD_INPUT;
  }

  private static int failed(Exception e, CommandLine command, ParseResult parsed) {
    return Failures.tell(e, command.getErr());
  }

  private static String sentence(String text) {
    String capitalised = Character.toUpperCase(text.charAt(0)) + text.substring(1);
    return capitalised.endsWith(".") ? capitalised : capitalised + ".";
  }
}
