package org.vivarium.app.cli;

import java.util.concurrent.Callable;
import org.vivarium.app.doctor.EngineForecast;
import org.vivarium.app.doctor.LinuxHost;
import org.vivarium.app.doctor.Report;
import org.vivarium.app.doctor.ReportPrinter;
import org.vivarium.vmm.Folders;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Checks this computer. */
@Command(
    name = DoctorCommand.NAME,
    mixinStandardHelpOptions = true,
    description = "Check this computer and say what to do about each finding.",
    footer = {
      "",
      "Examples:",
      "  vivarium doctor",
      "  vivarium doctor --json | jq -r '.findings[] | select(.level == \"missing\") | .remedy'",
      "",
      "Exit status: 0 machines can run here; 1 something that they need is missing; 2 bad input."
    })
final class DoctorCommand implements Callable<Integer> {
  static final String NAME = "doctor";

  @Option(names = "--json", description = "Print the findings as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    String data = Folders.standard().home().toString();
    Report report =
        Report.of(new LinuxHost(), EngineForecast.here(), System.getProperty("java.version"), data);
    if (json) {
      ReportPrinter.json(report, System.out);
    } else {
      ReportPrinter.text(report, System.out);
    }
    return report.isUsable() ? ExitStatus.OK : ExitStatus.FAILED;
  }
}
