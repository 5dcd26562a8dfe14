package org.vivarium.devices.virtio.testing;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.transport.MsixVectors;
import org.vivarium.kvm.EventFd;

/** MSI-X vectors that count their signals. */
public final class FakeMsix implements MsixVectors {
  private static final long PATIENCE_NANOS = 10_000_000_000L;

  private final AtomicIntegerArray signals;
  private final @Nullable EventFd[] events;
  private Runnable listener = () -> {};
  private volatile boolean enabled = true;

  /** Makes enabled vectors. */
  public FakeMsix(int count) {
    signals = new AtomicIntegerArray(count);
    events = new @Nullable EventFd[count];
  }

  /** Enables or disables MSI-X. */
  public void setEnabled(boolean on) {
    enabled = on;
  }

  /** How often a vector was signalled since this was last asked. */
  public int take(int vector) {
    return signals.getAndSet(vector, 0);
  }

  /** The same once there is one: a worker signals after it has returned the buffers. */
  public int await(int vector) {
    long start = System.nanoTime();
    while (signals.get(vector) == 0 && System.nanoTime() - start < PATIENCE_NANOS) {
      Thread.onSpinWait();
    }
    return take(vector);
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

  /** Gives a vector an event, as if it became deliverable, or takes it away, as if masked. */
  public void setEvent(int vector, @Nullable EventFd event) {
    events[vector] = event;
    listener.run();
  }

  @Override
  public @Nullable EventFd event(int vector) {
    return vector < events.length ? events[vector] : null;
  }

  @Override
  public void setListener(Runnable newListener) {
    listener = newListener;
  }
}
