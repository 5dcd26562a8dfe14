package org.vivarium.app.desktop.page;

import org.vivarium.app.desktop.base.Ui;
import org.vivarium.vmm.config.MachineConfig;

/** Rules for what people type as a machine's size: what is wrong, or nothing. */
public final class Sizes {
  private static final int MIB_BITS = 20;

  private Sizes() {}

  /** What is wrong with a number of processors. */
  public static String cpus(Ui ui, String text) {
    return within(text, 1, MachineConfig.MAX_CPUS)
        ? ""
        : ui.text("form.badCpus", MachineConfig.MAX_CPUS);
  }

  /** What is wrong with a number of MiB. */
  public static String memory(Ui ui, String text) {
    long least = MachineConfig.MIN_MEMORY >> MIB_BITS;
    long most = MachineConfig.MAX_MEMORY >> MIB_BITS;
    return within(text, least, most) ? "" : ui.text("form.badMemory", least, most);
  }

  /** Whether {@code text} is a whole number from {@code least} to {@code most}. */
  public static boolean within(String text, long least, long most) {
    String digits = text.strip();
    if (!digits.matches("[0-9]{1,9}")) {
      return false;
    }
    long value = Long.parseLong(digits);
    return value >= least && value <= most;
  }
}
