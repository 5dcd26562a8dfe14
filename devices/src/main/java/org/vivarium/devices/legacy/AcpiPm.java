package org.vivarium.devices.legacy;

import java.util.function.LongSupplier;
import org.vivarium.devices.bus.BusDevice;
import org.vivarium.devices.bus.InterruptLine;

/**
 * ACPI fixed hardware: power button, sleep state S5 and the PM timer.
 *
 * <p>One block of {@link #PORT_COUNT} ports: PM1a event at {@link #EVENT_OFFSET} (status and
 * enable, 2 bytes each), PM1a control at {@link #CONTROL_OFFSET} (2 bytes), PM timer at {@link
 * #TIMER_OFFSET} (4 bytes). The machine is always in ACPI mode: SCI_EN reads 1, and the FADT's
 * SMI_CMD is 0. Write {@link #SLEEP_TYPE_S5} into the DSDT's {@code \_S5}; another sleep type wakes
 * at once. A GPE block is a device of its own, whose line and this one's are two inputs of one
 * {@link org.vivarium.devices.bus.WiredOrLine}.
 *
 * <p>TMR_STS follows the timer when it is looked at; no SCI comes for it by itself. Source: ACPI
 * 6.4, 4.8.3.
 */
public final class AcpiPm implements BusDevice {
  /** Ports of the block. */
  public static final int PORT_COUNT = 16;

  /** PM1a_EVT_BLK, 4 bytes. */
  public static final int EVENT_OFFSET = 0;

  /** PM1a_CNT_BLK, 2 bytes. */
  public static final int CONTROL_OFFSET = 4;

  /** PM_TMR_BLK, 4 bytes. */
  public static final int TIMER_OFFSET = 8;

  /** SLP_TYP of soft-off. */
  public static final int SLEEP_TYPE_S5 = 5;

  /** The PM timer's frequency in Hz. */
  public static final long TIMER_FREQUENCY = 3_579_545;

  private static final int STATUS_TIMER = 1;
  private static final int STATUS_POWER_BUTTON = 1 << 8;
  private static final int STATUS_WAKE = 1 << 15;
  private static final int ENABLE_WRITABLE = 1 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 14;
  private static final int CONTROL_SCI_ENABLE = 1;
  private static final int CONTROL_WRITABLE = 1 << 1 | 7 << 10;
  private static final int CONTROL_SLEEP_ENABLE = 1 << 13;

  private final InterruptLine sci;
  private final LongSupplier nanoseconds;
  private final int timerBits;
  private final Runnable powerOff;
  private final long start;

  private int status;
  private int enable;
  private int control;
  private boolean timerHalf;
  private boolean sciLevel;

  /**
   * @param sci the system control interrupt, level-triggered
   * @param nanoseconds a clock that never goes back, as {@link System#nanoTime}
   * @param timerBits 24 or 32; 32 goes with the FADT's TMR_VAL_EXT flag
   * @param powerOff called on a virtual processor's thread when the guest enters S5; must not block
   */
  public AcpiPm(InterruptLine sci, LongSupplier nanoseconds, int timerBits, Runnable powerOff) {
    if (timerBits != 24 && timerBits != 32) {
      throw new IllegalArgumentException("The PM timer has 24 or 32 bits, not " + timerBits);
    }
    this.sci = sci;
    this.nanoseconds = nanoseconds;
    this.timerBits = timerBits;
    this.powerOff = powerOff;
    start = nanoseconds.getAsLong();
  }

  /** Presses and releases the power button. Any thread. */
  public synchronized void pressPowerButton() {
    status |= STATUS_POWER_BUTTON;
    updateSci();
  }

  @Override
  public synchronized long read(long offset, int size) {
    long timer = timer();
    updateTimerStatus(timer);
    updateSci();
    long value = 0;
    for (int i = 0; i < size; i++) {
      value |= (long) readByte(offset + i, timer) << (8 * i);
    }
    return value;
  }

  @Override
  public void write(long offset, int size, long value) {
    boolean off = false;
    synchronized (this) {
      updateTimerStatus(timer());
      for (int i = 0; i < size; i++) {
        off |= writeByte(offset + i, (int) (value >>> (8 * i)) & 0xff);
      }
      updateSci();
    }
    if (off) {
      powerOff.run();
    }
  }

  private int readByte(long offset, long timer) {
    if (offset < 0 || offset >= PORT_COUNT) {
      return 0xff;
    }
    int shift = ((int) offset & 1) * 8;
    return switch ((int) offset) {
      case 0, 1 -> (status >>> shift) & 0xff;
      case 2, 3 -> (enable >>> shift) & 0xff;
      case 4, 5 -> ((control | CONTROL_SCI_ENABLE) >>> shift) & 0xff;
      case 8, 9, 10, 11 -> (int) (timer >>> (8 * (offset - TIMER_OFFSET))) & 0xff;
      default -> 0;
    };
  }

  /** Writes one byte; says whether the guest entered S5 with it. */
  private boolean writeByte(long offset, int value) {
    if (offset < 0 || offset >= PORT_COUNT) {
      return false;
    }
    int shift = ((int) offset & 1) * 8;
    int bits = value << shift;
    int lane = 0xff << shift;
    switch ((int) offset) {
      case 0, 1 -> status &= ~bits;
      case 2, 3 -> enable = (enable & ~lane) | (bits & ENABLE_WRITABLE);
      case 4, 5 -> {
        control = (control & ~lane) | (bits & CONTROL_WRITABLE);
        if ((bits & CONTROL_SLEEP_ENABLE) != 0) {
          return sleep();
        }
      }
      default -> {
        // The timer is read-only; the rest is reserved.
      }
    }
    return false;
  }

  private boolean sleep() {
    if (((control >>> 10) & 7) == SLEEP_TYPE_S5) {
      return true;
    }
    // Without this a guest that chose a state we do not have would wait for ever to wake up.
    status |= STATUS_WAKE;
    return false;
  }

  /** The PM timer, in {@link #timerBits} bits. */
  private long timer() {
    long elapsed = nanoseconds.getAsLong() - start;
    // Seconds and the rest apart: nanoseconds times the frequency overflow after 43 minutes.
    long ticks =
        elapsed / 1_000_000_000 * TIMER_FREQUENCY
            + elapsed % 1_000_000_000 * TIMER_FREQUENCY / 1_000_000_000;
    return ticks & ((1L << timerBits) - 1);
  }

  private void updateTimerStatus(long timer) {
    boolean half = timer >>> (timerBits - 1) != 0;
    if (half != timerHalf) {
      timerHalf = half;
      status |= STATUS_TIMER;
    }
  }

  private void updateSci() {
    boolean level = (status & enable) != 0;
    if (level != sciLevel) {
      sciLevel = level;
      sci.setLevel(level);
    }
  }
}
