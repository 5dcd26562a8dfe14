package org.vivarium.app.testing;

import java.io.IOException;
import java.nio.file.Path;
import org.vivarium.app.testing.TestReports.End;
import org.vivarium.app.testing.TestReports.Result;

/** Prints the unique ids of the tests that failed, a line each, so that they can be run again. */
public final class FailedTests {
  private FailedTests() {}

  /** Reads the reports in the folder that the first word names. */
  public static void main(String[] words) throws IOException {
    for (Result result : TestReports.read(Path.of(words[0]))) {
      if (result.end() == End.FAILED && !result.id().isEmpty()) {
        System.out.println(result.id());
      }
    }
  }
}
