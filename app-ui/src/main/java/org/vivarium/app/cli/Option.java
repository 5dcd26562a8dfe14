package org.vivarium.app.cli;

import java.util.regex.Pattern;

/**
 * One option of a command.
 *
 * @param name with its dashes, such as {@code --cpus}
 * @param label what stands for the value in the help, such as {@code N}; empty for a flag
 * @param description one sentence for the help
 * @param repeatable whether it may be given several times
 */
public record Option(String name, String label, String description, boolean repeatable) {
  private static final Pattern NAME = Pattern.compile("--[a-z][a-z0-9-]*");

  /** Checks the name and that only an option with a value is repeatable. */
  public Option {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("Option name: " + name);
    }
    if (repeatable && label.isEmpty()) {
      throw new IllegalArgumentException("Repeatable flag: " + name);
    }
  }

  /** An option without a value: it is there or it is not. */
  public static Option flag(String name, String description) {
    return new Option(name, "", description, false);
  }

  /** An option with a value, given at most once. */
  public static Option value(String name, String label, String description) {
    return new Option(name, label, description, false);
  }

  /** An option with a value that may be given several times. */
  public static Option values(String name, String label, String description) {
    return new Option(name, label, description, true);
  }

  boolean takesValue() {
    return !label.isEmpty();
  }
}
