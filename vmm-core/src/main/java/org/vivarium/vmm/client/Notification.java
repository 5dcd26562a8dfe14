package org.vivarium.vmm.client;

import org.vivarium.vmm.engine.BootStage;
import org.vivarium.vmm.engine.MachineState;

/** What a VM process tells its clients unasked. */
public sealed interface Notification {
  /** The machine is in another state. */
  record StateChanged(MachineState state) implements Notification {}

  /**
   * Its boot reached a stage.
   *
   * @param nanos after its start was asked for
   */
  record StageReached(BootStage stage, long nanos) implements Notification {}

  /**
   * Something for the machine's log, in words.
   *
   * @param millis when, milliseconds since 1970
   * @param text a sentence
   * @param trouble whether it is a fault
   */
  record Logged(long millis, String text, boolean trouble) implements Notification {}

  /** A second has passed. */
  record Sampled(MetricSample sample) implements Notification {}

  /**
   * The connection has ended.
   *
   * @param why how the machine ended, or that its process has gone; a sentence
   * @param asked whether that was asked for (a shutdown, a forced end), or came by itself
   */
  record Disconnected(String why, boolean asked) implements Notification {}
}
