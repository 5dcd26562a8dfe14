package org.vivarium.app.bench;

import java.util.List;

/** A program that runs the guest under measurement. */
public enum Side {
  VIVARIUM,
  QEMU;

  /** Both, in an order that alternates from round to round. */
  public static List<Side> inRound(int round) {
    return round % 2 == 1 ? List.of(VIVARIUM, QEMU) : List.of(QEMU, VIVARIUM);
  }
}
