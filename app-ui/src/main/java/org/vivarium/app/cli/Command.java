package org.vivarium.app.cli;

import java.io.PrintStream;
import java.util.List;

/** One command of the command line, such as {@code doctor}. */
public interface Command {
  /** Returns the word that calls the command. */
  String name();

  /** Returns one sentence for the list of commands. */
  String summary();

  /** Returns the options it takes, in the order of its help. {@code --help} is always there. */
  List<Option> options();

  /** Returns the label of its operands in the help, or an empty string when it takes none. */
  default String operands() {
    return "";
  }

  /**
   * Runs the command.
   *
   * @param arguments what was given, already checked against {@link #options()}
   * @param out where results go; flushed by the caller
   * @return the exit status, one of {@link ExitStatus}
   * @throws CommandException if it cannot go on
   */
  int run(Arguments arguments, PrintStream out) throws CommandException;
}
