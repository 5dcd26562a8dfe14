package org.vivarium.app.doctor;

import java.util.ArrayList;
import java.util.List;
import org.vivarium.app.doctor.Finding.Level;

/**
 * All that was found.
 *
 * @param engine which engine would run a machine
 * @param findings in the order of their sections
 */
public record Report(EngineForecast engine, List<Finding> findings) {
  /** Keeps a copy of the findings. */
  public Report {
    findings = List.copyOf(findings);
  }

  /**
   * Checks a computer.
   *
   * @param host the computer
   * @param javaVersion the version of the Java runtime, such as {@code 25.0.3}
   * @param dataFolder where machines and images are kept; it need not exist
   */
  public static Report of(Host host, String javaVersion, String dataFolder) {
    List<Finding> findings = new ArrayList<>();
    findings.addAll(MachineChecks.all(host));
    findings.addAll(ToolChecks.all(host));
    findings.addAll(DesktopChecks.all(host));
    findings.addAll(SystemChecks.all(host, javaVersion, dataFolder));
    return new Report(EngineForecast.of(host), findings);
  }

  /** Returns whether a machine can run here, be it slowly. */
  public boolean isUsable() {
    return findings.stream().noneMatch(finding -> finding.level() == Level.MISSING);
  }
}
