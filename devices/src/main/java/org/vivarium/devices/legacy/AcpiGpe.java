package org.vivarium.devices.legacy;

import org.vivarium.devices.bus.BusDevice;
import org.vivarium.devices.bus.InterruptLine;

/**
 * A general-purpose event register block of ACPI: {@value #EVENTS} events, a status and an enable
 * bit for each (ACPI 6.4, 4.8.4.1.1).
 *
 * <p>{@value #PORT_COUNT} ports: status first, which a written 1 clears, then enable. The system
 * control interrupt is asserted while an enabled event's status is set. Any thread.
 */
public final class AcpiGpe implements BusDevice {
  /** Events of the block. */
  public static final int EVENTS = 16;

  /** Ports of the block. */
  public static final int PORT_COUNT = 4;

  private final InterruptLine sci;
  private int status;
  private int enable;

  /**
   * @param sci an input of the system control interrupt's line
   */
  public AcpiGpe(InterruptLine sci) {
    this.sci = sci;
  }

  /**
   * An event has happened.
   *
   * @param event 0 to {@value #EVENTS} - 1
   */
  public synchronized void raise(int event) {
    if (event < 0 || event >= EVENTS) {
      throw new IllegalArgumentException("No general-purpose event " + event);
    }
    status |= 1 << event;
    updateSci();
  }

  @Override
  public synchronized long read(long offset, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      value |= (long) readByte(offset + i) << (8 * i);
    }
    return value;
  }

  @Override
  public synchronized void write(long offset, int size, long value) {
    for (int i = 0; i < size; i++) {
      int lane = (int) (value >>> (8 * i)) & 0xff;
      switch ((int) offset + i) {
        case 0 -> status &= ~lane;
        case 1 -> status &= ~(lane << 8);
        case 2 -> enable = (enable & 0xff00) | lane;
        case 3 -> enable = (enable & 0xff) | lane << 8;
        default -> {
          // Past the block.
        }
      }
    }
    updateSci();
  }

  private int readByte(long at) {
    return switch ((int) at) {
      case 0 -> status & 0xff;
      case 1 -> status >>> 8;
      case 2 -> enable & 0xff;
      case 3 -> enable >>> 8;
      default -> 0xff;
    };
  }

  private void updateSci() {
    sci.setLevel((status & enable) != 0);
  }
}
