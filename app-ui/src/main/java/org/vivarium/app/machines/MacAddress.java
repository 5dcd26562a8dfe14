package org.vivarium.app.machines;

import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;

/** Addresses of network cards. */
public final class MacAddress {
  private MacAddress() {}

  /** A locally administered unicast address, drawn by lot. */
  public static String own() {
    long random = ThreadLocalRandom.current().nextLong();
    StringBuilder mac = new StringBuilder("02");
    for (int i = 0; i < 5; i++) {
      mac.append(':').append(String.format(Locale.ROOT, "%02x", (random >>> (8 * i)) & 0xFF));
    }
    return mac.toString();
  }
}
