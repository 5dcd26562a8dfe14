package org.vivarium.devices.pci;

import org.jspecify.annotations.Nullable;
import org.vivarium.devices.bus.Bus;
import org.vivarium.devices.bus.BusDevice;
import org.vivarium.devices.bus.InterruptLine;

/**
 * One PCI function: configuration space, up to six regions, an INTx pin, MSI-X.
 *
 * <p>A subclass adds its capabilities, regions and interrupts in its constructor, before {@link
 * PciBus#add} puts it on a bus. Threads: configuration accesses run on virtual processors' threads
 * with this object's lock held; regions are called without it. The hooks hold it and must neither
 * block nor wait for another virtual processor.
 */
public abstract class PciDevice {
  private static final int MSIX_CAPABILITY = 0x11;

  /** The registers; guarded by this object's lock once the device is on a bus. */
  protected final PciConfigSpace config;

  private final @Nullable PciBar[] bars = new PciBar[6];
  private @Nullable MsixTable msix;
  private int msixCapability;
  private @Nullable Attachment attachment;
  private boolean intxAsserted;
  private boolean intxLevel;

  /** What a device on a bus is connected to. */
  record Attachment(Bus mmio, Bus pio, PciBar.Window window, InterruptLine intx) {}

  /**
   * @param config its registers, which nothing else holds
   */
  protected PciDevice(PciConfigSpace config) {
    this.config = config;
  }

  /**
   * Adds a region.
   *
   * @param index first register, 0 to 5; a 64-bit region takes two
   * @param size bytes, a power of two: 16 or more for memory, 4 to 256 for I/O
   * @param region answers accesses; offsets count from the region's start
   * @throws IllegalArgumentException if a register is taken or the size impossible
   */
  protected final synchronized PciBar addBar(
      int index, PciBar.Kind kind, long size, BusDevice region) {
    requireUnattached();
    PciBar bar = new PciBar(index, kind, size, region);
    for (PciBar other : bars) {
      if (other != null
          && (other.index() == index
              || (kind.is64() && other.index() == index + 1)
              || (other.kind().is64() && other.index() + 1 == index))) {
        throw new IllegalArgumentException("BAR %d is taken".formatted(index));
      }
    }
    bars[index] = bar;
    bar.define(config);
    return bar;
  }

  /** Has {@code listener} told where a region answers. */
  protected final synchronized void listen(PciBar bar, PciBar.RegionListener listener) {
    bar.setListener(listener);
  }

  /**
   * Adds the MSI-X capability.
   *
   * @param table made with this device as its lock; the region at {@code barIndex} passes it what
   *     is accessed from {@code offset} for {@link MsixTable#regionSize()} bytes
   * @param offset bytes, a multiple of 8
   */
  protected final synchronized void addMsix(MsixTable table, int barIndex, int offset) {
    requireUnattached();
    if (msix != null) {
      throw new IllegalStateException("The device has MSI-X already");
    }
    byte[] body = new byte[10];
    int control = table.vectors() - 1;
    int tableAt = offset | barIndex;
    int pendingAt = (offset + table.pendingOffset()) | barIndex;
    body[0] = (byte) control;
    body[1] = (byte) (control >>> 8);
    for (int i = 0; i < 4; i++) {
      body[2 + i] = (byte) (tableAt >>> (8 * i));
      body[6 + i] = (byte) (pendingAt >>> (8 * i));
    }
    msixCapability = config.addCapability(MSIX_CAPABILITY, body);
    config.setWritable(msixCapability + 2, 2, 0xc000);
    msix = table;
  }

  /** Gives the device the INTx pin {@code pin}: 1 to 4 for INTA# to INTD#. */
  protected final synchronized void setInterruptPin(int pin) {
    requireUnattached();
    if (pin < 1 || pin > 4) {
      throw new IllegalArgumentException("INTx pins are 1 to 4, not " + pin);
    }
    config.put(PciConfigSpace.INTERRUPT_PIN, 1, pin);
  }

  /**
   * Asserts or releases the INTx pin. The line follows only while the guest has not disabled INTx
   * and not enabled MSI-X. Any thread.
   */
  public final synchronized void setIntx(boolean asserted) {
    intxAsserted = asserted;
    updateIntx();
  }

  /** Reads configuration space: any offset, 1 to 8 bytes; outside of it all ones. */
  public final synchronized long readConfig(int offset, int size) {
    beforeConfigRead(offset, size);
    return config.read(offset, size);
  }

  /** Writes configuration space: any offset, 1 to 8 bytes; outside of it nothing happens. */
  public final synchronized void writeConfig(int offset, int size, long value) {
    config.write(offset, size, value);
    // Without a look at which registers were hit: a write may straddle several.
    followConfig();
    afterConfigWrite(offset, size);
  }

  /**
   * Puts the device into the state after power-on: nothing decoded, no interrupt, MSI-X off; then
   * {@link #onReset()}. Any thread.
   */
  public final synchronized void reset() {
    config.write(PciConfigSpace.COMMAND, 2, 0);
    followConfig();
    for (PciBar bar : bars) {
      if (bar != null) {
        config.write(PciConfigSpace.BAR0 + 4 * bar.index(), bar.kind().is64() ? 8 : 4, 0);
      }
    }
    if (msix != null) {
      config.write(msixCapability + 2, 2, 0);
      msix.reset();
    }
    intxAsserted = false;
    followConfig();
    onReset();
  }

  /** Whether MSI-X is enabled; then INTx is silent. */
  public final synchronized boolean isMsixEnabled() {
    return msix != null && (config.get(msixCapability + 2, 2) & 0x8000) != 0;
  }

  /**
   * Called before the guest reads configuration space, to put into it what only shows on a read.
   */
  protected void beforeConfigRead(int offset, int size) {}

  /** Called after the guest wrote configuration space and regions and interrupts followed. */
  protected void afterConfigWrite(int offset, int size) {}

  /** Called when the machine resets, after the configuration registers were reset. */
  protected void onReset() {}

  final synchronized void attach(Attachment to, int interruptLine) {
    requireUnattached();
    attachment = to;
    config.put(PciConfigSpace.INTERRUPT_LINE, 1, interruptLine);
    followConfig();
  }

  final synchronized void detach() {
    Attachment from = attachment;
    if (from == null) {
      return;
    }
    for (PciBar bar : bars) {
      if (bar != null) {
        bar.detach(busOf(bar, from));
      }
    }
    from.intx().setLevel(false);
    intxLevel = false;
    attachment = null;
  }

  final synchronized int interruptPin() {
    return (int) config.get(PciConfigSpace.INTERRUPT_PIN, 1);
  }

  final synchronized void setMultiFunction() {
    config.setMultiFunction();
  }

  private void followConfig() {
    Attachment on = attachment;
    if (on != null) {
      for (PciBar bar : bars) {
        if (bar != null) {
          bar.update(config, busOf(bar, on), on.window());
        }
      }
    }
    if (msix != null) {
      int control = (int) config.get(msixCapability + 2, 2);
      msix.setControl((control & 0x8000) != 0, (control & 0x4000) != 0);
    }
    updateIntx();
  }

  private void updateIntx() {
    long status = config.get(PciConfigSpace.STATUS, 2) & ~PciConfigSpace.STATUS_INTERRUPT;
    config.put(
        PciConfigSpace.STATUS, 2, intxAsserted ? status | PciConfigSpace.STATUS_INTERRUPT : status);
    if (attachment != null) {
      boolean disabled =
          (config.get(PciConfigSpace.COMMAND, 2) & PciConfigSpace.COMMAND_INTX_DISABLE) != 0;
      boolean level = intxAsserted && !disabled && !isMsixEnabled();
      if (level != intxLevel) {
        intxLevel = level;
        attachment.intx().setLevel(level);
      }
    }
  }

  private static Bus busOf(PciBar bar, Attachment attachment) {
    return bar.kind() == PciBar.Kind.IO ? attachment.pio() : attachment.mmio();
  }

  private void requireUnattached() {
    if (attachment != null) {
      throw new IllegalStateException("The device is on a bus already");
    }
  }
}
