package org.vivarium.vmm.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What viewers of a console read, however late or slow they are. */
@Timeout(60)
class ConsoleLogTest {
  private static final int SIZE = 400_000;

  @TempDir private Path folder;
  private final List<String> troubles = new ArrayList<>();

  private ConsoleLog log() {
    return new ConsoleLog(folder.resolve("console.log"), SIZE, troubles::add);
  }

  private static void print(ConsoleLog log, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    log.write(bytes, 0, bytes.length);
  }

  /** Lines with their numbers, so that what is missing shows. */
  private static String lines(int from, int to) {
    StringBuilder text = new StringBuilder();
    for (int i = from; i < to; i++) {
      text.append("%07d\n".formatted(i));
    }
    return text.toString();
  }

  private static void printLines(ConsoleLog log, int from, int to) {
    for (int i = from; i < to; i += 100) {
      print(log, lines(i, Math.min(to, i + 100)));
    }
  }

  private static String rest(ConsoleLog.Reader reader) throws InterruptedException {
    StringBuilder text = new StringBuilder();
    byte[] chunk = new byte[1000];
    for (int n = reader.read(chunk); n >= 0; n = reader.read(chunk)) {
      text.append(new String(chunk, 0, n, StandardCharsets.US_ASCII));
    }
    return text.toString();
  }

  private static String all(ConsoleLog log) throws InterruptedException {
    ConsoleLog.Reader reader = log.reader();
    reader.leave();
    return rest(reader);
  }

  @Test
  void lateViewerReadsFromTheFirstByte() throws Exception {
    try (ConsoleLog log = log()) {
      printLines(log, 0, 20_000);

      assertEquals(lines(0, 20_000), all(log));
      assertTrue(ConsoleLog.MEMORY < lines(0, 20_000).length());
    }
  }

  @Test
  void viewerReadsOnWhileItIsPrinted() throws Exception {
    try (ConsoleLog log = log()) {
      print(log, "a");
      ConsoleLog.Reader reader = log.reader();
      byte[] chunk = new byte[100];
      assertEquals(1, reader.read(chunk));
      Thread printer = Thread.ofPlatform().start(() -> print(log, "b"));

      assertEquals(1, reader.read(chunk));
      assertEquals('b', chunk[0]);
      printer.join();
    }
  }

  @Test
  void filesStayBoundedAndAMarkStandsForWhatWasDropped() throws Exception {
    try (ConsoleLog log = log()) {
      printLines(log, 0, 200_000);

      String text = all(log);

      assertTrue(text.startsWith(ConsoleLog.MARK), text.substring(0, 100));
      String kept = text.substring(ConsoleLog.MARK.length());
      assertTrue(lines(0, 200_000).endsWith(kept));
      assertTrue(kept.length() >= SIZE / 2, "only " + kept.length());
      long onDisk =
          Files.size(folder.resolve("console.log")) + Files.size(folder.resolve("console.log.1"));
      assertTrue(onDisk <= SIZE + 2000, "on disk " + onDisk);
    }
  }

  @Test
  void viewerThatFallsBehindSkipsWithAMarkAndThenKeepsUp() throws Exception {
    try (ConsoleLog log = log()) {
      printLines(log, 0, 100);
      ConsoleLog.Reader reader = log.reader();
      byte[] chunk = new byte[8];
      reader.read(chunk);
      printLines(log, 100, 200_000);
      reader.leave();

      String text = rest(reader);

      assertTrue(text.startsWith(ConsoleLog.MARK));
      assertTrue(text.endsWith(lines(199_900, 200_000)));
    }
  }

  @Test
  void newStartReplacesWhatAnEarlierOneLeft() throws Exception {
    try (ConsoleLog log = log()) {
      printLines(log, 0, 200_000);
    }
    try (ConsoleLog log = log()) {
      print(log, "new");

      assertEquals("new", all(log));
      assertEquals("new", Files.readString(folder.resolve("console.log")));
      assertTrue(Files.notExists(folder.resolve("console.log.1")));
    }
  }

  @Test
  void fullDiskCostsTheScrollbackAloneAndIsToldOnce() throws Exception {
    try (ConsoleLog log = new ConsoleLog(Path.of("/dev/full"), SIZE, troubles::add)) {
      printLines(log, 0, 20_000);

      String text = all(log);

      assertTrue(text.startsWith(ConsoleLog.MARK));
      assertTrue(text.endsWith(lines(19_000, 20_000)));
    }
    assertEquals(
        List.of(
            "The console's log /dev/full cannot be written: the disk is full; free some space."),
        troubles);
  }

  @Test
  void endLetsViewersReadWhatIsLeft() throws Exception {
    ConsoleLog log = log();
    printLines(log, 0, 100);
    ConsoleLog.Reader reader = log.reader();

    log.end();

    assertEquals(lines(0, 100), rest(reader));
    log.close();
  }
}
