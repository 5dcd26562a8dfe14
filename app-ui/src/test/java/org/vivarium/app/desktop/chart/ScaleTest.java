package org.vivarium.app.desktop.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ScaleTest {
  @Test
  void stepsAreRound() {
    assertEquals(20, Scale.step(93, 5, Scale.Kind.DECIMAL), 1e-9);
    assertEquals(0.5, Scale.step(2.4, 5, Scale.Kind.DECIMAL), 1e-9);
    assertEquals(64, Scale.step(250, 4, Scale.Kind.BINARY), 1e-9);
  }

  @Test
  void topIsTheGridlineAboveTheLargestValue() {
    assertEquals(100, Scale.top(93, 20), 1e-9);
    assertEquals(100, Scale.top(100, 20), 1e-9);
    assertEquals(20, Scale.top(0, 20), 1e-9);
  }
}
