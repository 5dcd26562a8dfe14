package org.vivarium.app.desktop.page;

import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * What a console has printed and its terminal has not taken yet. The terminal keeps so many lines
 * and no more; of a burst that is longer, the lines that it would forget at once are left out, and
 * so a guest that prints 100 MB is shown in a moment.
 *
 * <p>Only text is left out, from the end of a line to the end of a later one: a piece with a
 * control sequence other than a colour stays, and so does the colour that was set last. What cannot
 * be left out makes the reader of the console wait when there is too much of it.
 *
 * <p>One thread adds, one takes.
 */
final class ConsoleBacklog {
  private static final int MOST_BYTES = 8 << 20;

  private static final byte ESCAPE = 0x1b;

  /** Control characters that are over with their line: bell, backspace, tab, and its end. */
  private static final String PLAIN = "\u0007\b\t\n\r";

  private static final int MOST_COLOURS = 256;

  /** A line that is longer is left as it is. */
  private static final int LONGEST = 64 << 10;

  /** A piece as it was read, and how many lines end in it. */
  private record Piece(byte[] bytes, int lines) {
    static Piece of(byte[] bytes) {
      int lines = 0;
      for (byte one : bytes) {
        lines += one == '\n' ? 1 : 0;
      }
      return new Piece(bytes, lines);
    }
  }

  private final int mostLines;
  private final Deque<Piece> pieces = new ArrayDeque<>();
  private long bytes;
  private long lines;
  private boolean ended;

  /**
   * @param mostLines how many lines the terminal keeps
   */
  ConsoleBacklog(int mostLines) {
    this.mostLines = mostLines;
  }

  /** Adds what was read; waits while there is too much that cannot be left out. */
  synchronized void add(byte[] from, int count) throws InterruptedException {
    while (bytes > MOST_BYTES && !ended) {
      wait();
    }
    push(Piece.of(Arrays.copyOf(from, count)));
    Piece first = pieces.getFirst();
    while (lines - first.lines() > mostLines && pieces.size() > 1) {
      Piece shorter = shortened(first);
      if (shorter == null) {
        break;
      }
      pop();
      // It is joined with the next, of which the same may be left out in turn.
      Piece next = pop();
      byte[] joined = Arrays.copyOf(shorter.bytes(), shorter.bytes().length + next.bytes().length);
      System.arraycopy(next.bytes(), 0, joined, shorter.bytes().length, next.bytes().length);
      first = Piece.of(joined);
      pieces.addFirst(first);
      bytes += first.bytes().length;
      lines += first.lines();
    }
    notifyAll();
  }

  private void push(Piece piece) {
    pieces.addLast(piece);
    bytes += piece.bytes().length;
    lines += piece.lines();
  }

  private Piece pop() {
    Piece piece = pieces.removeFirst();
    bytes -= piece.bytes().length;
    lines -= piece.lines();
    return piece;
  }

  /** Without the whole lines in it; null where more than text would be lost. */
  private static @Nullable Piece shortened(Piece piece) {
    byte[] text = piece.bytes();
    int from = 0;
    while (from < text.length && text[from++] != '\n') {
      // to the end of the line that the terminal may be in
    }
    int to = text.length;
    while (to > from && text[to - 1] != '\n') {
      to--;
    }
    if (text.length > LONGEST || from >= to) {
      return text.length > LONGEST ? null : piece;
    }
    ByteArrayOutputStream colours = new ByteArrayOutputStream();
    for (int i = from; i < to; i++) {
      if (text[i] == ESCAPE) {
        int end = colourEnd(text, i, to);
        if (end < 0) {
          return null;
        }
        if (isReset(text, i, end) || colours.size() > MOST_COLOURS) {
          colours.reset();
        }
        colours.write(text, i, end - i);
        i = end - 1;
      } else if (text[i] >= 0 && text[i] < ' ' && PLAIN.indexOf(text[i]) < 0) {
        return null;
      }
    }
    ByteArrayOutputStream left = new ByteArrayOutputStream(text.length);
    left.write(text, 0, from);
    left.writeBytes(colours.toByteArray());
    left.write(text, to, text.length - to);
    return Piece.of(left.toByteArray());
  }

  /** Where a sequence that sets a colour ends; negative if it is another. */
  private static int colourEnd(byte[] text, int from, int to) {
    if (from + 1 >= to || text[from + 1] != '[') {
      return -1;
    }
    int end = from + 2;
    while (end < to && (text[end] == ';' || (text[end] >= '0' && text[end] <= '9'))) {
      end++;
    }
    return end < to && text[end] == 'm' ? end + 1 : -1;
  }

  private static boolean isReset(byte[] text, int from, int end) {
    return end - from == 3 || (end - from == 4 && text[from + 2] == '0');
  }

  /** No more will be added. */
  synchronized void end() {
    ended = true;
    notifyAll();
  }

  /** Whether something can be taken at once. */
  synchronized boolean isReady() {
    return !pieces.isEmpty();
  }

  /**
   * Takes what comes next, waiting for it.
   *
   * @return how many bytes, -1 at the end
   */
  synchronized int take(byte[] to, int offset, int room) throws InterruptedException {
    while (pieces.isEmpty()) {
      if (ended) {
        return -1;
      }
      wait();
    }
    Piece first = pop();
    int count = Math.min(room, first.bytes().length);
    System.arraycopy(first.bytes(), 0, to, offset, count);
    if (count < first.bytes().length) {
      Piece rest = Piece.of(Arrays.copyOfRange(first.bytes(), count, first.bytes().length));
      pieces.addFirst(rest);
      bytes += rest.bytes().length;
      lines += rest.lines();
    }
    notifyAll();
    return count;
  }
}
