package org.vivarium.devices.virtio.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.BitSet;
import java.util.List;
import org.vivarium.devices.virtio.queue.SplitVirtqueue.Pop;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.KvmException;

/**
 * Any bytes as guest memory, rings anywhere in it, overlapping or not: popping ends, every buffer
 * lies in memory, and nothing but the used ring and device-writable buffers changes.
 *
 * <p>Input: features, size, the three ring addresses (16 bits each), then memory from 0x1000 on.
 */
class SplitVirtqueueFuzzTest {
  private static final int MEMORY = 0x1_0000;
  private static final int IMAGE = 0x1000;
  private static final int HEADER = 8;

  @FuzzTest
  void anyMemoryIsPoppedToTheEnd(byte[] input) throws KvmException {
    if (input.length < HEADER) {
      return;
    }
    try (GuestMemory memory =
        GuestMemory.allocate(
            List.of(new GuestMemory.Range(0, MEMORY)), GuestMemory.Backing.ANONYMOUS)) {
      memory.write(IMAGE, input, HEADER, Math.min(input.length - HEADER, MEMORY - IMAGE));
      VirtqueueConfig config =
          new VirtqueueConfig(1 << (input[1] & 7), u16(input, 2), u16(input, 4), u16(input, 6));
      if (config.check(memory, 64) == null) {
        drain(memory, config, (input[0] & 1) != 0, (input[0] & 2) != 0);
      }
    }
  }

  private static void drain(
      GuestMemory memory, VirtqueueConfig config, boolean indirect, boolean eventIdx) {
    byte[] before = new byte[MEMORY];
    memory.read(0, before, 0, MEMORY);
    BitSet writable = new BitSet(MEMORY);
    allow(writable, config.usedRing(), config.usedRingBytes());
    SplitVirtqueue queue = new SplitVirtqueue(memory, config, 64, indirect, eventIdx);
    DescriptorChain chain = queue.newChain();

    // A ring that overlaps what the device writes can feed itself for ever; real devices yield.
    for (int i = 0; i < 256 && queue.pop(chain) == Pop.CHAIN; i++) {
      for (int b = 0; b < chain.count(); b++) {
        assertTrue(memory.contains(chain.gpa(b), chain.length(b)));
        if (b >= chain.readableCount()) {
          allow(writable, chain.gpa(b), chain.length(b));
        }
      }
      chain.reader().skip(chain.readableBytes());
      ChainWriter writer = chain.writer();
      while (writer.remaining() > 0) {
        writer.writeU8(0xA5);
      }
      queue.addUsed(chain.head(), writer.position());
      queue.needsNotification();
      queue.enableNotifications();
    }

    byte[] after = new byte[MEMORY];
    memory.read(0, after, 0, MEMORY);
    for (int i = writable.nextClearBit(0); i < MEMORY; i = writable.nextClearBit(i + 1)) {
      assertEquals(before[i], after[i], "Byte " + i + " changed");
    }
  }

  private static void allow(BitSet writable, long gpa, long length) {
    writable.set((int) gpa, (int) (gpa + length));
  }

  private static int u16(byte[] input, int at) {
    return (input[at] & 0xFF) | ((input[at + 1] & 0xFF) << 8);
  }
}
