package org.vivarium.app.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestSummaryTest {
  private static final String PASSED = "<testcase name='works()' classname='org.x.AlphaTest'/>";

  /** As Surefire writes it. */
  private static final String SKIPPED =
      "<testcase name='needsTool' classname='org.x.BetaTest' time='0'>"
          + "<skipped message='no passt here'/></testcase>";

  /** As JUnit's console launcher writes it. */
  private static final String SKIPPED_BY_CONSOLE =
      "<testcase name='needsTool()' classname='org.x.BetaTest' time='0'>"
          + "<skipped><![CDATA[Assumption failed: no passt here\n\tat x.y]]></skipped>"
          + "<system-out><![CDATA[unique-id: z]]></system-out></testcase>";

  private static final String FAILED =
      "<testcase name='breaks' classname='org.x.GammaTest'>"
          + "<failure message='expected: 1' type='x'>trace</failure></testcase>";

  @TempDir private Path folder;
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  private void report(String group, String... tests) throws IOException {
    Path groupFolder = Files.createDirectories(folder.resolve(group));
    Files.writeString(groupFolder.resolve("where"), "this computer\n");
    Files.writeString(groupFolder.resolve("seconds"), "7\n");
    Files.writeString(
        groupFolder.resolve("TEST-a.xml"),
        "<?xml version='1.0'?><testsuite>" + String.join("", tests) + "</testsuite>");
  }

  private boolean print(String... groups) throws IOException {
    try (PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8)) {
      return TestSummary.print(folder, List.of(groups), out);
    }
  }

  private String text() {
    return printed.toString(StandardCharsets.UTF_8);
  }

  @Test
  void allPassedWhenEveryGroupRanATest() throws IOException {
    report("unit", PASSED, PASSED);
    report("boot", PASSED);

    boolean well = print("unit", "boot");

    assertTrue(well);
    assertTrue(text().lines().anyMatch(l -> l.matches("unit +this computer +2 +2 +0 +0 +7 s")));
    assertTrue(text().contains("All tests passed."));
  }

  @Test
  void skippedTestIsNamedWithItsReasonFromEitherReport() throws IOException {
    report("unit", PASSED, SKIPPED);
    report("boot", PASSED, SKIPPED_BY_CONSOLE);

    boolean well = print("unit", "boot");

    assertTrue(well);
    assertTrue(text().contains("  unit: BetaTest.needsTool: no passt here\n"));
    assertTrue(text().contains("  boot: BetaTest.needsTool(): Assumption failed: no passt here\n"));
  }

  @Test
  void failedTestIsNamedAndFailsTheRun() throws IOException {
    report("unit", PASSED, FAILED);

    boolean well = print("unit");

    assertFalse(well);
    assertTrue(text().contains("  unit: GammaTest.breaks: expected: 1"));
    assertTrue(text().contains("Group unit: 1 test failed."));
  }

  @Test
  void reasonBehindAConsolesTextIsFound() throws IOException {
    report("unit", FAILED.replace("message='expected: 1'", "message='a&#10;b ==> expected: 2'"));

    print("unit");

    assertTrue(text().contains("  unit: GammaTest.breaks: b ==> expected: 2\n"), text());
  }

  @Test
  void endOfAFailedTestsReportIsShown() throws IOException {
    String report = "first\n\tat java.util.X\n\tat org.vivarium.Y\n".repeat(50) + "the end";
    report("unit", FAILED.replace("trace", report));

    print("unit");

    assertTrue(text().contains("\n  the end\n"), text());
    assertTrue(text().contains("at org.vivarium.Y"), text());
    assertFalse(text().contains("java.util.X"), text());
    assertTrue(text().lines().count() < 60, text());
  }

  @Test
  void testThatPassedWhenItRanAgainCountsOnceAndIsNamed() throws IOException {
    report("boot", PASSED, FAILED);
    Files.writeString(
        folder.resolve("boot/TEST-b.xml"),
        "<testsuite><testcase name='breaks' classname='org.x.GammaTest'/></testsuite>");

    boolean well = print("boot");

    assertTrue(well, text());
    assertTrue(text().lines().anyMatch(l -> l.matches("boot +this computer +2 +2 +0 +0 +7 s")));
    assertTrue(text().contains("ran again"), text());
    assertTrue(text().contains("  boot: GammaTest.breaks: expected: 1"), text());
  }

  @Test
  void testThatSurefireRanAgainIsNamed() throws IOException {
    report(
        "unit",
        "<testcase name='breaks' classname='org.x.GammaTest'>"
            + "<flakyFailure message='expected: 1' type='x'><stackTrace>trace</stackTrace>"
            + "<system-out>said</system-out></flakyFailure></testcase>");

    boolean well = print("unit");

    assertTrue(well, text());
    assertTrue(text().contains("ran again"), text());
    assertTrue(text().contains("  unit: GammaTest.breaks: expected: 1"), text());
  }

  @Test
  void testThatFailedTwiceFailsTheRun() throws IOException {
    report("boot", PASSED, FAILED);
    Files.writeString(folder.resolve("boot/TEST-b.xml"), "<testsuite>" + FAILED + "</testsuite>");

    boolean well = print("boot");

    assertFalse(well);
    assertTrue(text().contains("Group boot: 1 test failed."), text());
  }

  @Test
  void idOfAFailedTestIsRead() throws IOException {
    report("boot", SKIPPED_BY_CONSOLE);

    assertEquals("z", TestReports.read(folder.resolve("boot")).getFirst().id());
  }

  @Test
  void groupWithoutAPassedTestFailsTheRun() throws IOException {
    report("unit", PASSED);
    report("boot", SKIPPED);

    boolean well = print("unit", "boot", "emulation");

    assertFalse(well);
    assertTrue(text().contains("Group boot: no test ran"));
    assertTrue(text().contains("Group emulation: no test ran"));
  }

  @Test
  void troubleOfAGroupFailsTheRun() throws IOException {
    report("boot", PASSED);
    Files.writeString(folder.resolve("boot/trouble"), "The rig ended early.\n");

    boolean well = print("boot");

    assertFalse(well);
    assertEquals(
        "Group boot: The rig ended early.", text().lines().reduce((a, b) -> b).orElseThrow());
  }

  @Test
  void reportCutShortIsAnError() throws IOException {
    report("unit", PASSED);
    Files.writeString(folder.resolve("unit/TEST-b.xml"), "<testsuite><testcase name='x'>");

    assertThrows(IOException.class, () -> print("unit"));
  }
}
