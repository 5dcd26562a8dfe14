package org.vivarium.app.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class SamplesTest {
  @Test
  void medianOfOddNumberIsTheMiddle() {
    Samples samples = new Samples(List.of(9.0, 1.0, 4.0));

    assertEquals(4.0, samples.median());
    assertEquals(1.0, samples.min());
    assertEquals(9.0, samples.max());
  }

  @Test
  void medianOfEvenNumberIsTheMeanOfTheMiddle() {
    assertEquals(3.0, new Samples(List.of(8.0, 2.0, 1.0, 4.0)).median());
  }

  @Test
  void ratiosPairValuesOfTheSameRound() {
    Samples ours = new Samples(List.of(10.0, 100.0, 30.0));
    Samples yardstick = new Samples(List.of(20.0, 100.0, 10.0));

    assertEquals(List.of(0.5, 1.0, 3.0), ours.over(yardstick).values());
  }

  @Test
  void differentRoundsAreRefused() {
    Samples one = new Samples(List.of(1.0));
    Samples two = new Samples(List.of(1.0, 2.0));

    assertThrows(IllegalArgumentException.class, () -> one.over(two));
  }

  @Test
  void noValueIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Samples(List.of()));
  }
}
