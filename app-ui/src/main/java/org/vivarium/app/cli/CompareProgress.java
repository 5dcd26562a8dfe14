package org.vivarium.app.cli;

import java.io.PrintStream;
import org.vivarium.app.lab.Listener;
import org.vivarium.app.lab.Report;
import org.vivarium.app.lab.Side;

/** Tells a comparison's progress, one line for each round. */
final class CompareProgress implements Listener {
  private final PrintStream out;

  CompareProgress(PrintStream out) {
    this.out = out;
  }

  @Override
  public void began(String sentence) {
    out.println(sentence);
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
