package org.vivarium.app.lab;

/**
 * How often a measure is taken in a comparison of so many rounds.
 *
 * @param warmUp whether a round before the first is not counted
 * @param counted rounds that count
 * @param emulated those of them that a machine in software emulation takes part in, whose figures
 *     are shown but need not be precise
 */
record Rounds(boolean warmUp, int counted, int emulated) {
  /**
   * @param asked rounds that the plan has, at least 1
   */
  static Rounds of(Measure measure, int asked) {
    // Three of five, the others in proportion.
    int fewer = Math.ceilDiv(asked * 3, 5);
    return switch (measure) {
      case START, STOP, RUN -> new Rounds(true, asked, 2);
      case SIZE, CREATE -> new Rounds(true, asked, asked);
      // What is no time needs no warming up, and hardly differs from round to round.
      case MEMORY -> new Rounds(false, fewer, 1);
      // Four instances of every side a round, and a figure in proportion to the first one's own.
      case NEIGHBOUR -> new Rounds(false, fewer, 0);
      default -> new Rounds(true, asked, 1);
    };
  }
}
