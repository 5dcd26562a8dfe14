package org.vivarium.devices.virtio.testing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.vivarium.devices.virtio.queue.SplitVirtqueue;
import org.vivarium.devices.virtio.queue.VirtqueueConfig;
import org.vivarium.kvm.GuestMemory;

/**
 * The driver's side of a split virtqueue (VIRTIO 1.2, 2.7), well-behaved or not.
 *
 * <p>{@link #add} and {@link #addIndirect} make correct chains; {@link #descriptor}, {@link
 * #available} and {@link #setAvailableIndex} write any values whatever. The used ring is read back
 * in order by {@link #nextUsed}.
 */
public final class DriverSideQueue {
  /** Descriptor flag: the chain goes on at {@code next}. */
  public static final int NEXT = 1;

  /** Descriptor flag: device-writable. */
  public static final int WRITE = 2;

  /** Descriptor flag: an indirect table. */
  public static final int INDIRECT = 4;

  /** A buffer of a chain. */
  public record Buffer(long gpa, long length, boolean writable) {}

  /** An element of the used ring. */
  public record Used(long id, long length) {}

  private final GuestRam ram;
  private final GuestMemory memory;
  private final VirtqueueConfig config;
  private final boolean[] busy;
  private final int[] chainLengths;
  private int nextDescriptor;
  private int availableIndex;
  private int usedSeen;

  /** Lays out a queue of {@code size} descriptors in fresh memory. */
  public DriverSideQueue(GuestRam ram, int size) {
    this.ram = ram;
    this.memory = ram.memory();
    VirtqueueConfig shape = new VirtqueueConfig(size, 0, 0, 0);
    this.config =
        new VirtqueueConfig(
            size,
            ram.allocate(shape.descriptorTableBytes(), 16),
            ram.allocate(shape.availableRingBytes(), 2),
            ram.allocate(shape.usedRingBytes(), 4));
    this.busy = new boolean[size];
    this.chainLengths = new int[size];
  }

  /** A device-readable buffer. */
  public static Buffer readable(long gpa, long length) {
    return new Buffer(gpa, length, false);
  }

  /** A device-writable buffer. */
  public static Buffer writable(long gpa, long length) {
    return new Buffer(gpa, length, true);
  }

  /** Where the queue lies. */
  public VirtqueueConfig config() {
    return config;
  }

  /** The device's side of this queue, indirect descriptors and event indices negotiated. */
  public SplitVirtqueue deviceSide() {
    return new SplitVirtqueue(memory, config, config.size(), true, true);
  }

  /** The device's side of this queue with neither feature. */
  public SplitVirtqueue plainDeviceSide() {
    return new SplitVirtqueue(memory, config, config.size(), false, false);
  }

  /** A device-readable buffer in fresh memory with this content. */
  public Buffer readable(byte[] content) {
    return readable(ram.place(content), content.length);
  }

  /** A device-writable buffer in fresh memory. */
  public Buffer writable(int length) {
    return writable(ram.allocate(length, 1), length);
  }

  /** Makes a chain of these buffers available; returns its head. */
  public int add(Buffer... buffers) {
    int[] slots = new int[buffers.length];
    for (int i = 0; i < slots.length; i++) {
      slots[i] = takeDescriptor();
    }
    for (int i = 0; i < slots.length; i++) {
      boolean last = i == slots.length - 1;
      int flags = (buffers[i].writable() ? WRITE : 0) | (last ? 0 : NEXT);
      descriptor(slots[i], buffers[i].gpa(), buffers[i].length(), flags, last ? 0 : slots[i + 1]);
    }
    chainLengths[slots[0]] = slots.length;
    available(slots[0]);
    return slots[0];
  }

  /** Makes a chain of these buffers available through an indirect table; returns its head. */
  public int addIndirect(Buffer... buffers) {
    long table = ram.allocate(16L * buffers.length, 16);
    for (int i = 0; i < buffers.length; i++) {
      boolean last = i == buffers.length - 1;
      int flags = (buffers[i].writable() ? WRITE : 0) | (last ? 0 : NEXT);
      tableEntry(table, i, buffers[i].gpa(), buffers[i].length(), flags, last ? 0 : i + 1);
    }
    int slot = takeDescriptor();
    descriptor(slot, table, 16L * buffers.length, INDIRECT, 0);
    chainLengths[slot] = 1;
    available(slot);
    return slot;
  }

  /** Writes descriptor {@code index} of the queue's table. */
  public void descriptor(int index, long gpa, long length, int flags, int next) {
    tableEntry(config.descriptorTable(), index, gpa, length, flags, next);
  }

  /** Writes entry {@code index} of any table. */
  public void tableEntry(long table, int index, long gpa, long length, int flags, int next) {
    long at = table + 16L * index;
    memory.writeU64(at, gpa);
    memory.writeU32(at + 8, length);
    memory.writeU16(at + 12, flags);
    memory.writeU16(at + 14, next);
  }

  /** Puts {@code head} into the available ring and moves the index on. */
  public void available(int head) {
    memory.writeU16(config.availableRing() + 4 + 2L * (availableIndex & (config.size() - 1)), head);
    setAvailableIndex(availableIndex + 1);
  }

  /** Sets the available index to any value, mod 2^16. */
  public void setAvailableIndex(int index) {
    availableIndex = index & 0xFFFF;
    memory.writeU16Release(config.availableRing() + 2, availableIndex);
  }

  /** The available index, mod 2^16. */
  public int availableIndex() {
    return availableIndex;
  }

  /** Sets the available ring's flags. */
  public void setAvailableFlags(int flags) {
    memory.writeU16(config.availableRing(), flags);
  }

  /** Sets used_event: notify when the used index moves past it. */
  public void setUsedEvent(int index) {
    memory.writeU16(config.availableRing() + 4 + 2L * config.size(), index);
  }

  /** The used ring's flags. */
  public int usedFlags() {
    return memory.readU16(config.usedRing());
  }

  /** avail_event as the device wrote it. */
  public int availEvent() {
    return memory.readU16(config.usedRing() + 4 + 8L * config.size());
  }

  /** The used index, mod 2^16. */
  public int usedIndex() {
    return memory.readU16Acquire(config.usedRing() + 2);
  }

  /** Whether the device returned a chain that {@link #nextUsed} has not yet read. */
  public boolean hasUsed() {
    return usedIndex() != usedSeen;
  }

  /** Reads the next used element and frees its descriptors. */
  public Used nextUsed() {
    if (!hasUsed()) {
      throw new AssertionError("The device returned no further chain");
    }
    long at = config.usedRing() + 4 + 8L * (usedSeen & (config.size() - 1));
    usedSeen = (usedSeen + 1) & 0xFFFF;
    Used used = new Used(memory.readU32(at), memory.readU32(at + 4));
    release((int) used.id());
    return used;
  }

  /** Reads every used element that {@link #nextUsed} has not yet read. */
  public List<Used> allUsed() {
    List<Used> all = new ArrayList<>();
    while (hasUsed()) {
      all.add(nextUsed());
    }
    return all;
  }

  /** Whether {@code count} descriptors are free. */
  public boolean hasFree(int count) {
    int free = 0;
    for (boolean taken : busy) {
      free += taken ? 0 : 1;
    }
    return free >= count;
  }

  /** Forgets everything, as a driver does after a reset. */
  public void reset() {
    Arrays.fill(busy, false);
    Arrays.fill(chainLengths, 0);
    nextDescriptor = 0;
    usedSeen = 0;
    setAvailableIndex(0);
    memory.writeU16(config.usedRing(), 0);
    memory.writeU16(config.usedRing() + 2, 0);
  }

  private int takeDescriptor() {
    for (int i = 0; i < busy.length; i++) {
      int slot = nextDescriptor;
      nextDescriptor = (nextDescriptor + 1) % busy.length;
      if (!busy[slot]) {
        busy[slot] = true;
        return slot;
      }
    }
    throw new AssertionError("The test's queue has no free descriptor");
  }

  private void release(int head) {
    int slot = head;
    for (int i = 0; i < chainLengths[head]; i++) {
      busy[slot] = false;
      slot = memory.readU16(config.descriptorTable() + 16L * slot + 14);
    }
    chainLengths[head] = 0;
  }
}
