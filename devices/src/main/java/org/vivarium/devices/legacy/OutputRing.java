package org.vivarium.devices.legacy;

/**
 * A bounded ring of bytes between a device that must not block and an I/O thread that drains it.
 *
 * <p>Producers call {@link #offer} on any thread; one I/O thread calls {@link #drain}. The two
 * callbacks run outside of the ring's lock: {@code onData} on a producer's thread when an empty
 * ring gets its first byte (write an eventfd there), {@code onSpace} on the draining thread once
 * half of a ring that had refused a byte is free ({@link Serial16550#outputReady()}).
 */
public final class OutputRing implements SerialOutput {
  private static final Runnable NOTHING = () -> {};

  private final byte[] ring;
  private final Runnable onData;
  private volatile Runnable onSpace = NOTHING;
  private int head;
  private int count;
  private boolean refused;

  /**
   * @param capacity bytes, 1 to 2^30
   * @param onData called when the ring stops being empty; must not block
   */
  public OutputRing(int capacity, Runnable onData) {
    if (capacity < 1 || capacity > 1 << 30) {
      throw new IllegalArgumentException("Capacity must be 1 to 2^30 bytes, not " + capacity);
    }
    ring = new byte[capacity];
    this.onData = onData;
  }

  /** Sets what is called when there is room again after a byte was refused. */
  public void setSpaceListener(Runnable listener) {
    onSpace = listener;
  }

  @Override
  public boolean offer(byte value) {
    boolean first;
    synchronized (this) {
      if (count == ring.length) {
        refused = true;
        return false;
      }
      int tail = head + count;
      ring[tail < ring.length ? tail : tail - ring.length] = value;
      first = count++ == 0;
    }
    if (first) {
      onData.run();
    }
    return true;
  }

  /**
   * Takes as many bytes as there is room for.
   *
   * @return bytes taken; less than {@code length} is a refusal like that of {@link #offer(byte)}
   */
  public int offer(byte[] from, int offset, int length) {
    int taken;
    boolean first;
    synchronized (this) {
      taken = Math.min(length, ring.length - count);
      int tail = (int) (((long) head + count) % ring.length);
      int contiguous = Math.min(taken, ring.length - tail);
      System.arraycopy(from, offset, ring, tail, contiguous);
      System.arraycopy(from, offset + contiguous, ring, 0, taken - contiguous);
      first = count == 0 && taken > 0;
      count += taken;
      refused |= taken < length;
    }
    if (first) {
      onData.run();
    }
    return taken;
  }

  /**
   * Moves up to {@code length} of the oldest bytes into {@code into}.
   *
   * @return bytes moved; 0 if the ring is empty
   */
  public int drain(byte[] into, int offset, int length) {
    int moved;
    boolean space;
    synchronized (this) {
      moved = Math.min(length, count);
      int contiguous = Math.min(moved, ring.length - head);
      System.arraycopy(ring, head, into, offset, contiguous);
      System.arraycopy(ring, 0, into, offset + contiguous, moved - contiguous);
      head = (head + moved) % ring.length;
      count -= moved;
      // Waiting for half a ring spares the guest one interrupt for each byte of a full one.
      space = refused && count <= ring.length / 2;
      if (space) {
        refused = false;
      }
    }
    if (space) {
      onSpace.run();
    }
    return moved;
  }

  /** Bytes that wait to be drained. */
  public synchronized int size() {
    return count;
  }
}
