package org.vivarium.app.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Prints the help of the whole command line and of one command. */
final class Help {
  private static final int WIDTH = 80;
  private static final int MAX_LABEL = 28;
  private static final Option HELP = Option.flag("--help", "Show this help.");

  private record Row(String label, String text) {}

  private Help() {}

  static void all(Collection<Command> commands, PrintStream out) {
    out.println("Runs Linux machines on this computer and shows what they cost.");
    out.println();
    out.println("Usage: ./vivarium [COMMAND] [OPTIONS]");
    out.println();
    out.println("Commands:");
    List<Row> rows = new ArrayList<>();
    for (Command command : commands) {
      rows.add(new Row(command.name(), command.summary()));
    }
    rows.add(new Row("build", "Build, if the sources are newer than the build."));
    rows.add(new Row("test", "Install what the tests need and run all of them."));
    print(rows, out);
    out.println();
    out.println("Options:");
    print(
        List.of(new Row("--help", HELP.description()), new Row("--version", "Show the version.")),
        out);
    out.println();
    out.println("'./vivarium COMMAND --help' shows a command's options.");
  }

  static void of(Command command, PrintStream out) {
    out.println(command.summary());
    out.println();
    out.println(
        ("Usage: ./vivarium " + command.name() + " [OPTIONS] " + command.operands()).strip());
    out.println();
    out.println("Options:");
    List<Row> rows = new ArrayList<>();
    for (Option option : command.options()) {
      rows.add(row(option));
    }
    rows.add(row(HELP));
    print(rows, out);
  }

  private static Row row(Option option) {
    String label = (option.name() + " " + option.label()).strip();
    return new Row(label, option.description());
  }

  private static void print(List<Row> rows, PrintStream out) {
    int widest = 0;
    for (Row row : rows) {
      if (row.label().length() <= MAX_LABEL) {
        widest = Math.max(widest, row.label().length());
      }
    }
    String indent = " ".repeat(widest + 4);
    for (Row row : rows) {
      List<String> lines = TextWrap.lines(row.text(), WIDTH - indent.length());
      if (row.label().length() > widest) {
        out.println("  " + row.label());
        out.println(indent + lines.getFirst());
      } else {
        out.println(
            "  " + row.label() + " ".repeat(widest - row.label().length() + 2) + lines.getFirst());
      }
      for (String line : lines.subList(1, lines.size())) {
        out.println(indent + line);
      }
    }
  }
}
