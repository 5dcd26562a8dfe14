package org.vivarium.devices.bus;

/** An interrupt line that counts what a device does to it. */
public final class FakeInterruptLine implements InterruptLine {
  private int pulses;
  private boolean level;
  private int changes;

  /** A line that is low and has not been pulsed. */
  public FakeInterruptLine() {}

  @Override
  public synchronized void setLevel(boolean asserted) {
    if (level != asserted) {
      changes++;
    }
    level = asserted;
  }

  @Override
  public synchronized void pulse() {
    pulses++;
  }

  /** Pulses since the last call. */
  public synchronized int takePulses() {
    int taken = pulses;
    pulses = 0;
    return taken;
  }

  public synchronized boolean level() {
    return level;
  }

  /** Changes of the level since the start. */
  public synchronized int changes() {
    return changes;
  }
}
