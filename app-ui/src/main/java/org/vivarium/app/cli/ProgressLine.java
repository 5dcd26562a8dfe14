package org.vivarium.app.cli;

import java.io.PrintStream;
import org.vivarium.images.Progress;
import org.vivarium.vmm.client.StartProgress;

/**
 * Shows long work on one line of a terminal, which is gone when the work is done; where there is no
 * terminal, each step is printed once.
 */
final class ProgressLine implements Progress, StartProgress, AutoCloseable {
  private static final int BAR = 24;
  private static final int PARTS = 1000;
  private static final String ERASE = "\r\u001b[K";

  private final PrintStream out;
  private final boolean terminal;
  private String step = "";

  ProgressLine(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  @Override
  public void advanced(String now, long done, long total) {
    if (terminal) {
      String bar = "";
      if (total > 0) {
        int filled = (int) (Math.min(done, total) * BAR / total);
        bar = " [" + "#".repeat(filled) + " ".repeat(BAR - filled) + "]";
      }
      out.print(ERASE + now + bar);
      out.flush();
    } else if (!now.equals(step)) {
      out.println(now + ".");
    }
    step = now;
  }

  @Override
  public void step(String now, double done) {
    boolean known = done >= 0;
    advanced(now, known ? (long) (Math.min(done, 1) * PARTS) : 0, known ? PARTS : 0);
  }

  @Override
  public void close() {
    if (terminal && !step.isEmpty()) {
      out.print(ERASE);
      out.flush();
    }
  }
}
