package org.vivarium.app.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What was given to a command: options by name, and operands.
 *
 * <p>The forms are {@code --name value}, {@code --name=value} and, for a flag, {@code --name};
 * {@code --} ends the options.
 *
 * <p>Vivarium parses its own options because the usual library for it, picocli, is shipped in class
 * files of a format that the start-up cache cannot hold: see docs/decisions.
 */
public final class Arguments {
  private final Map<String, List<String>> options;
  private final List<String> operands;

  private Arguments(Map<String, List<String>> options, List<String> operands) {
    this.options = options;
    this.operands = List.copyOf(operands);
  }

  /**
   * Parses a command's arguments.
   *
   * @param command whose options are allowed
   * @param words what follows the command's name
   * @throws CommandException with {@link ExitStatus#BAD_INPUT} if an option is unknown, given
   *     twice, lacks its value or has one that it does not take, or if there is an unexpected
   *     operand
   */
  public static Arguments parse(Command command, List<String> words) throws CommandException {
    Map<String, List<String>> given = new LinkedHashMap<>();
    List<String> operands = new ArrayList<>();
    int next = 0;
    while (next < words.size()) {
      String word = words.get(next++);
      if (word.equals("--")) {
        operands.addAll(words.subList(next, words.size()));
        break;
      }
      if (!word.startsWith("-") || word.equals("-")) {
        operands.add(word);
        continue;
      }
      int equals = word.indexOf('=');
      Option option = find(command, equals < 0 ? word : word.substring(0, equals));
      List<String> values = given.computeIfAbsent(option.name(), name -> new ArrayList<>());
      if (!values.isEmpty() && !option.repeatable()) {
        throw badInput("Option " + option.name() + " is given twice.");
      }
      if (!option.takesValue()) {
        if (equals >= 0) {
          throw badInput("Option " + option.name() + " takes no value.");
        }
        values.add("");
      } else if (equals >= 0) {
        values.add(word.substring(equals + 1));
      } else if (next < words.size()) {
        values.add(words.get(next++));
      } else {
        throw badInput("Option " + option.name() + " needs a value: " + option.label() + ".");
      }
    }
    if (!operands.isEmpty() && command.operands().isEmpty()) {
      throw badInput("Unexpected argument '" + operands.getFirst() + "'.");
    }
    return new Arguments(given, operands);
  }

  private static Option find(Command command, String name) throws CommandException {
    for (Option option : command.options()) {
      if (option.name().equals(name)) {
        return option;
      }
    }
    List<String> names = command.options().stream().map(Option::name).toList();
    throw badInput("Unknown option '" + name + "'" + Suggestion.among(names, name));
  }

  /** Returns whether the option was given. */
  public boolean has(String name) {
    return options.containsKey(name);
  }

  /** Returns the option's value, if it was given. */
  public Optional<String> value(String name) {
    return values(name).stream().findFirst();
  }

  /** Returns the values of a repeatable option, in the order given. */
  public List<String> values(String name) {
    return List.copyOf(options.getOrDefault(name, List.of()));
  }

  /**
   * Returns the option's value as a whole number, if it was given.
   *
   * @param min the smallest value allowed
   * @param max the largest value allowed
   * @throws CommandException with {@link ExitStatus#BAD_INPUT} if it is no number in that range
   */
  public OptionalLong number(String name, long min, long max) throws CommandException {
    Optional<String> text = value(name);
    if (text.isEmpty()) {
      return OptionalLong.empty();
    }
    try {
      long number = Long.parseLong(text.get());
      if (number >= min && number <= max) {
        return OptionalLong.of(number);
      }
    } catch (NumberFormatException e) {
      throw outOfRange(name, text.get(), min, max);
    }
    throw outOfRange(name, text.get(), min, max);
  }

  private static CommandException outOfRange(String name, String text, long min, long max) {
    return badInput(
        "Option "
            + name
            + " takes a whole number from "
            + min
            + " to "
            + max
            + ", not '"
            + text
            + "'.");
  }

  /** Returns what was given besides options, in order. */
  public List<String> operands() {
    return operands;
  }

  private static CommandException badInput(String message) {
    return new CommandException(ExitStatus.BAD_INPUT, message);
  }
}
