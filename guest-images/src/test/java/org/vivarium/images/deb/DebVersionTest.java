package org.vivarium.images.deb;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class DebVersionTest {
  /** From old to new, as deb-version(7) orders them. */
  private static final List<String> ORDERED =
      List.of(
          "~~",
          "~~a",
          "~",
          "0",
          "0a",
          "1.0~beta1~svn1245",
          "1.0~beta1",
          "1.0",
          "1.0-1",
          "1.0-1+deb12u1",
          "1.0-1.1",
          "1.0-2",
          "1.0-10",
          "1.0a-1",
          "1.0+b1",
          "6.1.9-1",
          "6.1.10-1",
          "6.12.117-1~deb12u1",
          "6.12.117-1",
          "1:0.1",
          "10:0.1");

  @Test
  void versionsAreOrderedAsThePolicySays() {
    for (int i = 0; i < ORDERED.size(); i++) {
      for (int j = 0; j < ORDERED.size(); j++) {
        String a = ORDERED.get(i);
        String b = ORDERED.get(j);
        assertEquals(
            Integer.signum(Integer.compare(i, j)),
            Integer.signum(DebVersion.compare(a, b)),
            a + " against " + b);
      }
    }
  }

  @Test
  void leadingZerosAndTheEpochZeroDoNotMatter() {
    assertEquals(0, DebVersion.compare("0:1.0", "1.0"));
    assertEquals(0, DebVersion.compare("1.01", "1.1"));
  }
}
