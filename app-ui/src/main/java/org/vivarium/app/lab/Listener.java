package org.vivarium.app.lab;

/** Hears a comparison's progress, on the thread that runs it. */
public interface Listener {
  /** Called when something begins, with a sentence for people. */
  void began(String sentence);

  /** Called with each value that counts. */
  void measured(Report.Row row, Side side, double value);

  /** Called when something could not be measured, with the sentence that the report will have. */
  void noted(String sentence);
}
