package org.vivarium.devices.bus;

/**
 * Several level-triggered sources on one line: it is asserted while any of them is.
 *
 * <p>For interrupts that devices share: PCI INTx pins, the ACPI SCI. Any thread; the line is set
 * with this object's lock held, so that it ends as the last change left it.
 */
public final class WiredOrLine {
  private final InterruptLine line;
  private int asserted;

  /**
   * @param line what the sources share; must not block
   */
  public WiredOrLine(InterruptLine line) {
    this.line = line;
  }

  /** Makes a new source. Allocates only here. */
  public InterruptLine newInput() {
    return new Input();
  }

  private synchronized void change(Input input, boolean level) {
    if (input.level == level) {
      return;
    }
    input.level = level;
    asserted += level ? 1 : -1;
    line.setLevel(asserted > 0);
  }

  private final class Input implements InterruptLine {
    private boolean level;

    @Override
    public void setLevel(boolean asserted) {
      change(this, asserted);
    }

    @Override
    public void pulse() {
      line.pulse();
    }
  }
}
