package org.vivarium.app.testing;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.vivarium.app.testing.TestReports.End;
import org.vivarium.app.testing.TestReports.Result;

/**
 * The table at the end of {@code ./vivarium test}: how many tests ran where, and which were skipped
 * or failed and why.
 *
 * <p>Each group of tests has a folder of its name with JUnit's XML reports, and three small text
 * files that the script run-tests writes: {@code where} it ran, how many {@code seconds} it took,
 * and {@code trouble}, a sentence if the group could not run to its end.
 */
public final class TestSummary {
  /** Longer reasons are cut in the table; the reports hold them whole. */
  private static final int MAX_REASON = 160;

  /** So many lines of a failed test's report are shown, its last ones. */
  private static final int DETAIL_LINES = 40;

  private static final String ROW = "%-11s %-44s %6s %6s %6s %7s %6s%n";

  private record Group(
      String name, String where, String seconds, String trouble, List<Result> results) {
    long count(End end) {
      return results.stream().filter(result -> result.end() == end).count();
    }
  }

  private TestSummary() {}

  /** Prints the summary of a reports folder and exits with 0 if all is well, else 1. */
  public static void main(String[] words) throws IOException {
    Path folder = Path.of(words[0]);
    System.exit(print(folder, List.of(words).subList(1, words.length), System.out) ? 0 : 1);
  }

  /**
   * Prints the table.
   *
   * @param folder holds a folder for each group
   * @param names the groups that had to run, in the order of the table
   * @return whether every group ran at least one test, and none failed
   */
  static boolean print(Path folder, List<String> names, PrintStream out) throws IOException {
    List<Group> groups = new ArrayList<>();
    for (String name : names) {
      groups.add(read(folder.resolve(name), name));
    }
    out.println();
    out.printf(ROW, "Tests", "where", "ran", "passed", "failed", "skipped", "time");
    for (Group group : groups) {
      long skipped = group.count(End.SKIPPED);
      out.printf(
          ROW,
          group.name(),
          group.where(),
          group.results().size() - skipped,
          group.count(End.PASSED),
          group.count(End.FAILED),
          skipped,
          group.seconds().isEmpty() ? "-" : group.seconds() + " s");
    }
    list("Skipped", groups, result -> result.end() == End.SKIPPED, out);
    list(
        "Passed only when they ran again, after this",
        groups,
        result -> result.end() == End.PASSED && result.again(),
        out);
    list("Failed", groups, result -> result.end() == End.FAILED, out);
    details(groups, out);
    List<String> troubles = troubles(groups);
    out.println();
    troubles.forEach(out::println);
    if (troubles.isEmpty()) {
      out.println("All tests passed.");
    }
    return troubles.isEmpty();
  }

  private static Group read(Path folder, String name) throws IOException {
    List<Result> results = Files.isDirectory(folder) ? TestReports.read(folder) : List.of();
    return new Group(
        name, line(folder, "where"), line(folder, "seconds"), line(folder, "trouble"), results);
  }

  private static String line(Path folder, String name) throws IOException {
    Path file = folder.resolve(name);
    return Files.exists(file) ? Files.readString(file).strip() : "";
  }

  private static List<String> troubles(List<Group> groups) {
    List<String> troubles = new ArrayList<>();
    for (Group group : groups) {
      if (!group.trouble().isEmpty()) {
        troubles.add("Group " + group.name() + ": " + group.trouble());
      }
      long failed = group.count(End.FAILED);
      if (failed > 0) {
        troubles.add(
            "Group %s: %d %s failed."
                .formatted(group.name(), failed, failed == 1 ? "test" : "tests"));
      } else if (group.count(End.PASSED) == 0) {
        troubles.add("Group " + group.name() + ": no test ran, which counts as a failure.");
      }
    }
    return troubles;
  }

  /** Shows how failed tests ended, without what every stack trace has. */
  private static void details(List<Group> groups, PrintStream out) {
    for (Group group : groups) {
      for (Result result : group.results()) {
        if (result.end() == End.FAILED) {
          List<String> lines =
              result
                  .details()
                  .lines()
                  .filter(l -> !l.startsWith("\tat ") || l.contains("org.vivarium."))
                  .toList();
          out.printf("%n%s: %s:%n", group.name(), result.name());
          lines.stream()
              .skip(Math.max(0, lines.size() - DETAIL_LINES))
              .forEach(line -> out.println("  " + line));
        }
      }
    }
  }

  private static void list(
      String title, List<Group> groups, Predicate<Result> which, PrintStream out) {
    boolean first = true;
    for (Group group : groups) {
      for (Result result : group.results()) {
        if (which.test(result)) {
          if (first) {
            out.printf("%n%s:%n", title);
            first = false;
          }
          String reason = result.reason();
          out.printf(
              Locale.ROOT,
              "  %s: %s: %s%n",
              group.name(),
              result.name(),
              reason.length() > MAX_REASON ? reason.substring(0, MAX_REASON) + "..." : reason);
        }
      }
    }
  }
}
