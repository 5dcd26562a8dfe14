package org.vivarium.devices.pci;

import java.util.Arrays;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.bus.BusDevice;
import org.vivarium.kvm.EventFd;

/**
 * An MSI-X table and its pending bit array, as one region: the table from 0, the pending bits from
 * {@link #pendingOffset()}.
 *
 * <p>A vector that is signalled while it or the function is masked becomes pending, and is sent
 * once when it is unmasked. The table takes aligned writes of 4 and 8 bytes, as the specification
 * allows; others go nowhere. Reads may have any width. Source: PCI Local Bus Specification 3.0,
 * 6.8.2. Any thread; nothing allocates.
 */
public final class MsixTable implements BusDevice {
  /** The most vectors that a function can have. */
  public static final int MAX_VECTORS = 2048;

  private static final int ENTRY_SIZE = 16;
  private static final int ADDRESS_LOW = 0;
  private static final int ADDRESS_HIGH = 1;
  private static final int DATA = 2;
  private static final int VECTOR_CONTROL = 3;
  private static final int MASKED = 1;

  private final Object lock;
  private final MsixVector[] vectors;
  private final int[] entries;
  private final long[] pending;
  private final boolean[] delivering;
  private boolean enabled;
  private boolean functionMasked;
  private Runnable listener = () -> {};

  /**
   * @param count vectors, 1 to {@link #MAX_VECTORS}
   * @param lock the lock of the device, so that it has one: the {@link PciDevice} object
   * @param factory makes the receiver of each vector
   */
  public MsixTable(int count, Object lock, IntFunction<MsixVector> factory) {
    if (count < 1 || count > MAX_VECTORS) {
      throw new IllegalArgumentException("A function has 1 to 2048 vectors, not " + count);
    }
    this.lock = lock;
    vectors = new MsixVector[count];
    for (int i = 0; i < count; i++) {
      vectors[i] = factory.apply(i);
    }
    entries = new int[count * 4];
    pending = new long[(count + 63) / 64];
    delivering = new boolean[count];
    maskAll();
  }

  /** How many vectors there are. */
  public int vectors() {
    return vectors.length;
  }

  /** Where the pending bits start in the region: a power of two, bytes. */
  public int pendingOffset() {
    return Math.max(2048, Integer.highestOneBit(vectors.length * ENTRY_SIZE * 2 - 1));
  }

  /** Bytes of the region, a power of two: 4096 for up to 128 vectors. */
  public int regionSize() {
    return pendingOffset() * 2;
  }

  /**
   * Sends a vector's message, or leaves it pending while it is masked.
   *
   * @param vector its number; one that the table does not have (VIRTIO's 0xffff among them) is
   *     ignored
   * @return false if MSI-X is disabled, so that the device has to use INTx
   */
  public boolean signal(int vector) {
    synchronized (lock) {
      if (!enabled) {
        return false;
      }
      if (vector >= 0 && vector < vectors.length) {
        if (delivering[vector]) {
          vectors[vector].trigger();
        } else {
          pending[vector >> 6] |= 1L << vector;
        }
      }
      return true;
    }
  }

  /**
   * The event that sends a vector's message, or null while nothing but {@link #signal} will do: the
   * vector is masked, or MSI-X is disabled.
   *
   * @param vector its number, as for {@link #signal}
   */
  public @Nullable EventFd event(int vector) {
    synchronized (lock) {
      boolean there = vector >= 0 && vector < vectors.length;
      return there && delivering[vector] ? vectors[vector].event() : null;
    }
  }

  /**
   * Has it told when {@link #event} may answer differently.
   *
   * @param newListener called with the lock held; must not block
   */
  public void setListener(Runnable newListener) {
    synchronized (lock) {
      listener = newListener;
    }
  }

  @Override
  public long read(long offset, int size) {
    synchronized (lock) {
      long value = 0;
      for (int i = 0; i < size; i++) {
        value |= (long) readByte(offset + i) << (8 * i);
      }
      return value;
    }
  }

  @Override
  public void write(long offset, int size, long value) {
    if (size < 4 || offset % size != 0 || offset < 0 || offset >= tableSize()) {
      return;
    }
    synchronized (lock) {
      int entry = (int) offset / ENTRY_SIZE;
      int field = ((int) offset / 4) % 4;
      boolean messageChanged = putField(entry, field, (int) value);
      if (size == 8) {
        messageChanged |= putField(entry, field + 1, (int) (value >>> 32));
      }
      follow(entry, messageChanged);
      listener.run();
    }
  }

  /** Follows message control. Called with the lock held. */
  void setControl(boolean nowEnabled, boolean nowMasked) {
    if (enabled == nowEnabled && functionMasked == nowMasked) {
      return;
    }
    enabled = nowEnabled;
    functionMasked = nowMasked;
    for (int i = 0; i < vectors.length; i++) {
      follow(i, false);
    }
    listener.run();
  }

  /** Masks everything and forgets what is pending. Called with the lock held. */
  void reset() {
    setControl(false, false);
    maskAll();
  }

  private void maskAll() {
    Arrays.fill(entries, 0);
    Arrays.fill(pending, 0);
    for (int i = 0; i < vectors.length; i++) {
      entries[i * 4 + VECTOR_CONTROL] = MASKED;
    }
  }

  private int tableSize() {
    return vectors.length * ENTRY_SIZE;
  }

  private int readByte(long at) {
    if (at >= 0 && at < tableSize()) {
      return (entries[(int) at / 4] >>> (8 * (at % 4))) & 0xff;
    }
    long bit = at - pendingOffset();
    if (bit >= 0 && bit < pending.length * 8L) {
      return (int) (pending[(int) bit / 8] >>> (8 * (bit % 8))) & 0xff;
    }
    return 0;
  }

  /** Writes one field; says whether it changed the message. */
  private boolean putField(int entry, int field, int value) {
    int legal =
        switch (field) {
          case ADDRESS_LOW -> value & ~3;
          case VECTOR_CONTROL -> value & MASKED;
          default -> value;
        };
    int at = entry * 4 + field;
    boolean changed = entries[at] != legal;
    entries[at] = legal;
    return changed && field != VECTOR_CONTROL;
  }

  private void follow(int entry, boolean messageChanged) {
    int at = entry * 4;
    boolean deliverable =
        enabled && !functionMasked && (entries[at + VECTOR_CONTROL] & MASKED) == 0;
    if (deliverable != delivering[entry] || (deliverable && messageChanged)) {
      delivering[entry] = deliverable;
      long address =
          ((long) entries[at + ADDRESS_HIGH] << 32) | (entries[at + ADDRESS_LOW] & 0xffffffffL);
      vectors[entry].update(address, entries[at + DATA], deliverable);
    }
    long bit = 1L << entry;
    if (deliverable && (pending[entry >> 6] & bit) != 0) {
      pending[entry >> 6] &= ~bit;
      vectors[entry].trigger();
    }
  }
}
