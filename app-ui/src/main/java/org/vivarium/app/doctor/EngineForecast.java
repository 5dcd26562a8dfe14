package org.vivarium.app.doctor;

import org.vivarium.vmm.Engines;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.engine.EngineChoice;

/**
 * Which engine {@code --engine auto} takes, and why.
 *
 * @param engine {@code kvm}, {@code qemu}, or {@code none} where no machine can run
 * @param reason a sentence without its full stop
 */
public record EngineForecast(String engine, String reason) {
  /** What no engine is called. */
  static final String NONE = "none";

  /** Asks the choice that a start would make on this computer; it may run a probe guest. */
  public static EngineForecast here() {
    try {
      EngineChoice.Decision decision = Engines.choice().decide(EngineChoice.Request.AUTO);
      String reason = decision.reason().replaceFirst("^Engine: ", "");
      return new EngineForecast(decision.engine(), reason.replaceFirst("\\.$", ""));
    } catch (VmmException e) {
      return new EngineForecast(NONE, String.valueOf(e.getMessage()).replaceFirst("\\.$", ""));
    }
  }
}
