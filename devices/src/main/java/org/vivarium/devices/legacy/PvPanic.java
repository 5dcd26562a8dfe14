package org.vivarium.devices.legacy;

import java.util.function.Consumer;

/**
 * The panic notifier (pvpanic) at port 0x505: a guest's kernel tells that it panicked, or that its
 * crash kernel was loaded.
 *
 * <p>Reads answer the events that are supported. ACPI announces it as device {@code QEMU0001}.
 * Source: QEMU, docs/specs/pvpanic.
 */
public final class PvPanic extends ByteWideDevice {
  /** What a guest reports. */
  public enum Event {
    /** The guest panicked and will not run on. */
    PANICKED,
    /** The guest panicked and its crash kernel takes over. */
    CRASH_LOADED
  }

  /** The port. */
  public static final int PORT = 0x505;

  /** Ports of the device. */
  public static final int PORT_COUNT = 1;

  private static final int PANICKED = 0x01;
  private static final int CRASH_LOADED = 0x02;

  private final Consumer<Event> listener;

  /**
   * @param listener called on the virtual processor's thread that reports; must not block. A guest
   *     may report as often as it likes
   */
  public PvPanic(Consumer<Event> listener) {
    super(PORT_COUNT);
    this.listener = listener;
  }

  @Override
  int readRegister(int register) {
    return PANICKED | CRASH_LOADED;
  }

  @Override
  void writeRegister(int register, int value) {
    if ((value & PANICKED) != 0) {
      listener.accept(Event.PANICKED);
    }
    if ((value & CRASH_LOADED) != 0) {
      listener.accept(Event.CRASH_LOADED);
    }
  }
}
