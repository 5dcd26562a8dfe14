package org.vivarium.devices.virtio.queue;

import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.GuestMemory;

/**
 * The device's side of one split virtqueue, from its activation to its reset (VIRTIO 1.2, 2.7).
 *
 * <p>Takes descriptor chains from the available ring, returns them through the used ring, and
 * decides when each side notifies the other. Its place and size are fixed when it is made. The
 * first thing that a driver does wrong stops the queue: from then on {@link #pop} answers {@link
 * Pop#FAULT}.
 *
 * <p>Nothing but the first use of a longer chain allocates. One thread at a time.
 */
public final class SplitVirtqueue {
  /** What {@link #pop} found. */
  public enum Pop {
    /** A chain, now in the caller's hands. */
    CHAIN,
    /** No chain is available. */
    EMPTY,
    /** The driver broke a rule; see {@link SplitVirtqueue#fault()}. */
    FAULT
  }

  private static final int NO_INTERRUPT = 1;
  private static final int NO_NOTIFY = 1;
  private static final int INDEX_MASK = 0xFFFF;

  private final GuestMemory memory;
  private final VirtqueueConfig config;
  private final boolean indirect;
  private final boolean eventIdx;
  private final int chainLimit;
  private final int slotMask;
  private final long[] inFlight;
  private int inFlightCount;
  private @Nullable ChainFault fault;

  /** The available index as last read from the guest, mod 2^16. */
  private int availableIndex;

  /** Index of the next chain to take, mod 2^16. */
  private int nextAvailable;

  /** Index after the last element written to the used ring, mod 2^16. */
  private int stagedIndex;

  /** Used index as the driver sees it, mod 2^16. */
  private int usedIndex;

  /** Used index when {@link #needsNotification} was last asked, mod 2^16. */
  private int notifiedIndex;

  /**
   * Activates a queue.
   *
   * @param maxSize largest size that the device offers; also the most buffers of one chain. A
   *     driver that chose a smaller queue may still pass indirect tables of that length, as Linux
   *     does although VIRTIO 1.2, 2.7.5.3.1 asks it not to
   * @param indirect whether VIRTIO_F_INDIRECT_DESC was negotiated
   * @param eventIdx whether VIRTIO_F_EVENT_IDX was negotiated
   * @throws IllegalArgumentException if {@link VirtqueueConfig#check} finds a fault
   */
  public SplitVirtqueue(
      GuestMemory memory, VirtqueueConfig config, int maxSize, boolean indirect, boolean eventIdx) {
    VirtqueueConfigFault configFault = config.check(memory, maxSize);
    if (configFault != null) {
      throw new IllegalArgumentException(configFault.message());
    }
    this.memory = memory;
    this.config = config;
    this.indirect = indirect;
    this.eventIdx = eventIdx;
    this.chainLimit = maxSize;
    this.slotMask = config.size() - 1;
    this.inFlight = new long[(config.size() + Long.SIZE - 1) / Long.SIZE];
  }

  /** Where the queue lies. */
  public VirtqueueConfig config() {
    return config;
  }

  /** A chain to be filled by {@link #pop}; a device keeps as many as it has requests in flight. */
  public DescriptorChain newChain() {
    return new DescriptorChain(memory, chainLimit);
  }

  /** What stopped the queue, or null while it runs. */
  public @Nullable ChainFault fault() {
    return fault;
  }

  /** Index of the next chain to take from the available ring, mod 2^16. */
  public int next() {
    return nextAvailable;
  }

  /**
   * Goes on where somebody else has served this queue to: the kernel, which returned all that it
   * took.
   *
   * @param index of the next chain to take, mod 2^16
   * @throws IllegalStateException if chains of this object's are in flight
   */
  public void resumeAt(int index) {
    if (inFlightCount != 0) {
      throw new IllegalStateException("Chains are in flight");
    }
    nextAvailable = index & INDEX_MASK;
    availableIndex = nextAvailable;
    stagedIndex = nextAvailable;
    usedIndex = nextAvailable;
    notifiedIndex = nextAvailable;
  }

  /** Whether a driver can be asked to notify only once several chains are available. */
  public boolean hasEventIndex() {
    return eventIdx;
  }

  /** Number of chains that were popped and not yet returned. */
  public int inFlight() {
    return inFlightCount;
  }

  /**
   * Takes the next available chain.
   *
   * @param chain filled if the answer is {@link Pop#CHAIN}, meaningless otherwise
   */
  public Pop pop(DescriptorChain chain) {
    if (fault != null) {
      return Pop.FAULT;
    }
    if (nextAvailable == availableIndex) {
      availableIndex = memory.readU16Acquire(config.availableRing() + 2);
      int pending = (availableIndex - nextAvailable) & INDEX_MASK;
      if (pending == 0) {
        return Pop.EMPTY;
      }
      if (pending > config.size()) {
        return fail(ChainFault.AVAILABLE_INDEX_JUMP);
      }
    }
    int head = memory.readU16(availableSlot(nextAvailable));
    if (head >= config.size()) {
      return fail(ChainFault.HEAD_OUT_OF_RANGE);
    }
    if (isInFlight(head)) {
      return fail(ChainFault.HEAD_IN_FLIGHT);
    }
    ChainFault chainFault = chain.load(config.descriptorTable(), config.size(), head, indirect);
    if (chainFault != null) {
      return fail(chainFault);
    }
    nextAvailable = (nextAvailable + 1) & INDEX_MASK;
    inFlight[head / Long.SIZE] |= 1L << head;
    inFlightCount++;
    return Pop.CHAIN;
  }

  /**
   * Puts the chain that was popped last back, so that the next {@link #pop} reads it anew.
   *
   * @throws IllegalStateException if it is not in flight
   */
  public void undoPop(DescriptorChain chain) {
    clearInFlight(chain.head());
    nextAvailable = (nextAvailable - 1) & INDEX_MASK;
  }

  /**
   * Returns a chain to the driver.
   *
   * @param head the chain's head index
   * @param written bytes written to its device-writable buffers, from their start
   * @throws IllegalStateException if that chain is not in flight
   */
  public void addUsed(int head, long written) {
    stageUsed(head, written);
    publishUsed();
  }

  /**
   * Writes a used element that the driver sees only after {@link #publishUsed}: for a packet that
   * fills several chains, which must appear together.
   *
   * @throws IllegalStateException if that chain is not in flight
   */
  public void stageUsed(int head, long written) {
    clearInFlight(head);
    long element =
        config.usedRing()
            + VirtqueueConfig.RING_HEADER_BYTES
            + (long) VirtqueueConfig.USED_ELEMENT_BYTES * (stagedIndex & slotMask);
    memory.writeU32(element, head);
    memory.writeU32(element + 4, written);
    stagedIndex = (stagedIndex + 1) & INDEX_MASK;
  }

  /** Lets the driver see every used element written so far. */
  public void publishUsed() {
    usedIndex = stagedIndex;
    memory.writeU16Release(config.usedRing() + 2, usedIndex);
  }

  /**
   * Whether the driver wants an interrupt for what was returned since this was last asked (VIRTIO
   * 1.2, 2.7.7).
   */
  public boolean needsNotification() {
    int before = notifiedIndex;
    if (before == usedIndex) {
      return false;
    }
    notifiedIndex = usedIndex;
    // The used index must be visible before the driver's wish is read (StoreLoad): otherwise both
    // sides could each miss the other's write, and nobody would wake the driver.
    VarHandle.fullFence();
    if (!eventIdx) {
      return (memory.readU16(config.availableRing()) & NO_INTERRUPT) == 0;
    }
    int usedEvent = memory.readU16(availableSlot(0) + 2L * config.size());
    return ((usedIndex - usedEvent - 1) & INDEX_MASK) < ((usedIndex - before) & INDEX_MASK);
  }

  /** Asks the driver not to notify: the device is looking anyway. A hint that it may ignore. */
  public void disableNotifications() {
    if (!eventIdx) {
      memory.writeU16(config.usedRing(), NO_NOTIFY);
    }
  }

  /**
   * Asks the driver to notify about the next available chain (VIRTIO 1.2, 2.7.10).
   *
   * @return whether a chain became available meanwhile, for which no notification may come
   */
  public boolean enableNotifications() {
    return enableNotifications(0);
  }

  /**
   * The same for a device that wants more than the next chain: it has looked at some and put them
   * back, because they were too few, or comes back for them by itself. Without VIRTIO_F_EVENT_IDX
   * the driver notifies about each.
   *
   * @param seen chains that the driver need not notify about, 0 to the queue's size - 1
   * @return whether more than those are available by now
   */
  public boolean enableNotifications(int seen) {
    if (fault != null) {
      return false;
    }
    int awaited = (nextAvailable + seen) & INDEX_MASK;
    if (eventIdx) {
      long availEvent =
          config.usedRing()
              + VirtqueueConfig.RING_HEADER_BYTES
              + (long) VirtqueueConfig.USED_ELEMENT_BYTES * config.size();
      memory.writeU16(availEvent, awaited);
    } else {
      memory.writeU16(config.usedRing(), 0);
    }
    // The wish must be visible before the available index is read again (StoreLoad).
    VarHandle.fullFence();
    int available = memory.readU16Acquire(config.availableRing() + 2);
    return ((available - nextAvailable) & INDEX_MASK) > seen;
  }

  private long availableSlot(int index) {
    return config.availableRing() + VirtqueueConfig.RING_HEADER_BYTES + 2L * (index & slotMask);
  }

  private boolean isInFlight(int head) {
    return (inFlight[head / Long.SIZE] & (1L << head)) != 0;
  }

  private void clearInFlight(int head) {
    if (head < 0 || head >= config.size() || !isInFlight(head)) {
      throw new IllegalStateException("Descriptor chain " + head + " is not in flight");
    }
    inFlight[head / Long.SIZE] &= ~(1L << head);
    inFlightCount--;
  }

  private Pop fail(ChainFault what) {
    fault = what;
    return Pop.FAULT;
  }
}
