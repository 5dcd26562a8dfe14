package org.vivarium.app.lab;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What a workload prints, with the instants at which it arrived. Written by the thread that reads
 * the output, read by any.
 */
final class Capture {
  /** A line without its end. */
  record Line(String text, long nanoTime) {}

  /** More than any probe prints; what a workload prints beyond it is dropped. */
  private static final int MOST = 1 << 20;

  private final CountDownLatch begun = new CountDownLatch(1);
  private final List<Line> lines = new ArrayList<>();
  private final StringBuilder open = new StringBuilder();
  private long first;
  private int kept;

  synchronized void took(byte[] bytes, int offset, int length, long nanoTime) {
    if (begun.getCount() > 0) {
      first = nanoTime;
      begun.countDown();
    }
    String text = new String(bytes, offset, length, StandardCharsets.ISO_8859_1);
    kept += length;
    if (kept > MOST) {
      return;
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n') {
        lines.add(new Line(open.toString(), nanoTime));
        open.setLength(0);
      } else if (c != '\r') {
        open.append(c);
      }
    }
  }

  /** When the first byte arrived; empty if none has when the time has passed. */
  OptionalLong first(Duration patience) throws InterruptedException {
    boolean has = begun.await(patience.toNanos(), TimeUnit.NANOSECONDS);
    synchronized (this) {
      return has ? OptionalLong.of(first) : OptionalLong.empty();
    }
  }

  /** The whole lines so far. */
  synchronized List<Line> lines() {
    return List.copyOf(lines);
  }

  /** All of it so far, a last line without its end included. */
  synchronized String text() {
    StringBuilder text = new StringBuilder();
    lines.forEach(line -> text.append(line.text()).append('\n'));
    return text.append(open).toString();
  }
}
