package org.vivarium.app.desktop.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ConsoleBacklogTest {
  private static final int LINES = 100;

  private final ConsoleBacklog backlog = new ConsoleBacklog(LINES);

  private void add(String text) throws InterruptedException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    backlog.add(bytes, bytes.length);
  }

  private String takeAll() throws InterruptedException {
    backlog.end();
    StringBuilder text = new StringBuilder();
    byte[] bytes = new byte[777];
    for (int count; (count = backlog.take(bytes, 0, bytes.length)) >= 0; ) {
      text.append(new String(bytes, 0, count, StandardCharsets.ISO_8859_1));
    }
    return text.toString();
  }

  private static String lines(String word, int from, int to) {
    StringBuilder text = new StringBuilder();
    for (int i = from; i < to; i++) {
      text.append(word).append(i).append("\r\n");
    }
    return text.toString();
  }

  @Test
  void whatTheTerminalKeepsComesWhole() throws Exception {
    String text = lines("line ", 0, LINES);
    for (int i = 0; i < text.length(); i += 33) {
      add(text.substring(i, Math.min(text.length(), i + 33)));
    }

    assertEquals(text, takeAll());
  }

  @Test
  void burstIsShortenedToItsEndAndNoMoreIsKept() throws Exception {
    String last = lines("last ", 0, LINES);
    add("first half, ");
    for (int i = 0; i < 2000; i++) {
      add(lines("line ", i * 50, i * 50 + 50) + "cut ");
    }
    add(last);

    String text = takeAll();

    assertTrue(text.startsWith("first half, line 0\r\n"), text.substring(0, 40));
    assertTrue(text.endsWith(last));
    assertTrue(text.length() < 20_000, text.length() + " characters");
  }

  @Test
  void controlSequencesStayInTheirPlace() throws Exception {
    String screen = lines("a", 0, 60) + "\u001b[2J\u001b[5;10H" + lines("b", 0, 60);
    add(screen);
    for (int i = 0; i < 50; i++) {
      add(lines("line ", i * 50, i * 50 + 50));
    }

    assertTrue(takeAll().startsWith(screen));
  }

  @Test
  void colourThatWasSetLastStays() throws Exception {
    add("begin\r\n\u001b[31mred\r\n\u001b[0m\u001b[1m\u001b[32mgreen\r\n");
    add(lines("line ", 0, 2 * LINES));
    add(lines("line ", 0, 2 * LINES));

    assertEquals("begin\r\n\u001b[0m\u001b[1m\u001b[32m" + lines("line ", 0, 2 * LINES), takeAll());
  }

  @Test
  void whatCannotBeLeftOutMakesTheReaderWait() throws Exception {
    byte[] piece = "\u001b[H".repeat(1 << 18).getBytes(StandardCharsets.US_ASCII);
    CompletableFuture<Long> added = new CompletableFuture<>();
    Thread reader =
        Thread.ofVirtual()
            .start(
                () -> {
                  long sum = 0;
                  try {
                    for (int i = 0; i < 40; i++, sum += piece.length) {
                      backlog.add(piece, piece.length);
                    }
                  } catch (InterruptedException e) {
                    added.complete(sum);
                  }
                });
    while (reader.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    reader.interrupt();

    assertTrue(added.get() < 16 << 20, added.get() + " bytes were taken in");
  }
}
