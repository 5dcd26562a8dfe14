package org.vivarium.vmm.machine;

import java.util.concurrent.locks.LockSupport;
import org.vivarium.devices.legacy.OutputRing;
import org.vivarium.vmm.engine.ConsoleOutput;

/**
 * Carries what the guest prints from a console's ring to whoever reads it, on a thread of its own:
 * a reader that blocks holds up the guest's output and nothing else.
 *
 * <p>After it has carried something it stands still for a moment, so that a guest which prints byte
 * by byte wakes it once for many bytes and not once for each.
 */
final class ConsolePump {
  /** Bytes that may wait for a slow reader before the console tells the guest to wait. */
  private static final int CAPACITY = 64 << 10;

  private static final long BATCH_NANOS = 1_000_000;

  private final ConsoleOutput sink;
  private final OutputRing ring = new OutputRing(CAPACITY, this::wake);
  private final Thread thread;
  private volatile boolean idle;
  private volatile boolean ending;

  /**
   * @param thread the name of its thread
   */
  ConsolePump(String thread, ConsoleOutput sink) {
    this.sink = sink;
    this.thread = Thread.ofPlatform().name(thread).daemon().unstarted(this::pump);
  }

  /** Where the console puts its output. */
  OutputRing ring() {
    return ring;
  }

  void start() {
    thread.start();
  }

  /**
   * Carries what is left and ends the thread; waits at most {@code millis} for a blocked reader.
   *
   * @return whether everything has been carried
   */
  boolean finish(long millis) throws InterruptedException {
    ending = true;
    LockSupport.unpark(thread);
    thread.join(millis);
    return !thread.isAlive();
  }

  private void wake() {
    if (idle) {
      LockSupport.unpark(thread);
    }
  }

  private void pump() {
    byte[] buffer = new byte[16 << 10];
    while (true) {
      // Read before the ring, so that what was printed before the end is carried.
      boolean last = ending;
      int length = ring.drain(buffer, 0, buffer.length);
      if (length > 0) {
        sink.write(buffer, 0, length);
      } else if (last) {
        return;
      } else {
        idle = true;
        if (ring.size() == 0 && !ending) {
          LockSupport.park(this);
        }
        idle = false;
      }
      if (!last && ring.size() < buffer.length) {
        LockSupport.parkNanos(this, BATCH_NANOS);
      }
    }
  }
}
