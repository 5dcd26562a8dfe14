package org.vivarium.devices.virtio.testing;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.vivarium.devices.virtio.transport.MsixVectors;

/** MSI-X vectors that count their signals. */
public final class FakeMsix implements MsixVectors {
  private final AtomicIntegerArray signals;
  private volatile boolean enabled = true;

  /** Makes enabled vectors. */
  public FakeMsix(int count) {
    signals = new AtomicIntegerArray(count);
  }

  /** Enables or disables MSI-X. */
  public void setEnabled(boolean on) {
    enabled = on;
  }

  /** How often a vector was signalled since this was last asked. */
  public int take(int vector) {
    return signals.getAndSet(vector, 0);
  }

  @Override
  public int count() {
    return signals.length();
  }

  @Override
  public boolean signal(int vector) {
    if (enabled && vector < signals.length()) {
      signals.incrementAndGet(vector);
    }
    return enabled;
  }
}
