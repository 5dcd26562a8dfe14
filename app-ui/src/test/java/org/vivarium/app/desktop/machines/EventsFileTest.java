package org.vivarium.app.desktop.machines;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventsFileTest {
  private static final long TIME = Instant.parse("2026-11-21T15:24:43.285Z").toEpochMilli();

  @Test
  void linesHaveTheirTimesAndLastWordsTheOneBefore() {
    List<LogLine> lines =
        EventsFile.parse(
            "2026-11-21T15:24:43.285Z The machine is running.\n\nOut of memory:\u0007 killed\n");

    assertEquals(
        List.of(
            new LogLine(TIME, "The machine is running.", false),
            new LogLine(TIME, "Out of memory:  killed", true)),
        lines);
  }

  @Test
  void whatTheWindowWasToldStandsForTheSameLineOfTheFile() {
    LogLine before = new LogLine(TIME - 60_000, "The machine is paused.", false);
    LogLine inFile = new LogLine(TIME, "The machine is paused.", false);
    LogLine told = new LogLine(TIME + 3, "The machine is paused.", true);

    assertEquals(List.of(before, told), EventsFile.merged(List.of(before, inFile), List.of(told)));
  }

  @Test
  void ofALongFileTheLastWholeLinesAreRead(@TempDir Path machine) throws Exception {
    Path file = Files.createDirectory(machine.resolve("state")).resolve("events.log");
    String line = "2026-11-21T15:24:43.285Z The machine is running.\n";
    Files.writeString(file, line.repeat(5000));

    List<LogLine> lines = EventsFile.read(machine);

    assertEquals((64 << 10) / line.length(), lines.size());
    assertEquals(new LogLine(TIME, "The machine is running.", false), lines.getFirst());
  }

  @Test
  void machineWithoutAFileHasNoLines(@TempDir Path machine) {
    assertEquals(List.of(), EventsFile.read(machine));
  }
}
