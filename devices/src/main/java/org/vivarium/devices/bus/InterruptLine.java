package org.vivarium.devices.bus;

/** A wire from a device to an interrupt controller's input. Any thread; allocates nothing. */
public interface InterruptLine {
  /** Sets the level of a level-triggered line. Setting the level it has changes nothing. */
  void setLevel(boolean asserted);

  /** Makes one edge on an edge-triggered line. */
  void pulse();
}
