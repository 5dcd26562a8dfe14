package org.vivarium.app.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Checks this computer. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = "Check this computer and say what to do about each finding.")
final class DoctorCommand implements Callable<Integer> {
  @Override
  public Integer call() {
    return ExitStatus.OK;
  }
}
