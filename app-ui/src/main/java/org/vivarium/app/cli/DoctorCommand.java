package org.vivarium.app.cli;

import java.io.PrintStream;
import java.util.List;
import org.vivarium.app.doctor.Host;
import org.vivarium.app.doctor.LinuxHost;
import org.vivarium.app.doctor.Report;
import org.vivarium.app.doctor.ReportPrinter;

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
    Host host = new LinuxHost();
    String data =
        host.variable("VIVARIUM_HOME")
            .or(() -> host.variable("XDG_DATA_HOME").map(folder -> folder + "/vivarium"))
            .orElse(System.getProperty("user.home") + "/.local/share/vivarium");
    Report report = Report.of(host, System.getProperty("java.version"), data);
    if (arguments.has("--json")) {
      ReportPrinter.json(report, out);
    } else {
      ReportPrinter.text(report, out);
    }
    return report.isUsable() ? ExitStatus.OK : ExitStatus.FAILED;
  }
}
