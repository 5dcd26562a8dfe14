package org.vivarium.app.cli;

import java.io.PrintStream;
import java.util.List;

/** Checks this computer. */
final class DoctorCommand implements Command {
  @Override
  public String name() {
    return "doctor";
  }

  @Override
  public String summary() {
    return "Check this computer and say what to do about each finding.";
  }

  @Override
  public List<Option> options() {
    return List.of(Option.flag("--json", "Print the findings as JSON."));
  }

  @Override
  public int run(Arguments arguments, PrintStream out) {
    return ExitStatus.OK;
  }
}
