package org.vivarium.app.cli;

import java.io.PrintStream;
import org.vivarium.app.lab.Listener;
import org.vivarium.app.lab.Report;
import org.vivarium.app.lab.Side;

/** Tells a comparison's progress, one line for each round, with the seconds since its start. */
final class CompareProgress implements Listener {
  private final PrintStream out;
  private final long started = System.nanoTime();

  CompareProgress(PrintStream out) {
    this.out = out;
  }

  @Override
  public void began(String sentence) {
    out.printf("%4d s  %s%n", (System.nanoTime() - started) / 1_000_000_000, sentence);
  }

  @Override
  public void measured(Report.Row row, Side side, double value) {
    // The table at the end has them all.
  }

  @Override
  public void noted(String sentence) {
    out.println(sentence);
  }
}
