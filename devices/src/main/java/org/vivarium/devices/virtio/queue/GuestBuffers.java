package org.vivarium.devices.virtio.queue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.GuestMemoryRegion;

/**
 * Ranges of guest memory as direct buffers, for I/O without a copy in the heap.
 *
 * <p>Makes each buffer once and moves its position and limit from then on, so that a warm object
 * allocates nothing. A buffer can hold 2^31 - 1 bytes, so a region is seen through windows; a range
 * that crosses the edge of one becomes two buffers. One thread at a time.
 */
public final class GuestBuffers {
  private static final long WINDOW = 1L << 30;

  /** Part of a region, as the pattern of all buffers over it. */
  private record Window(long gpa, long size, ByteBuffer pattern) {}

  private final Window[] windows;
  private ByteBuffer[] buffers = new ByteBuffer[0];

  /** Buffer s over window w is at s * windows + w; absent until it is needed. */
  private ByteBuffer[] made = new ByteBuffer[0];

  /** Makes views of all regions. */
  public GuestBuffers(GuestMemory memory) {
    List<Window> all = new ArrayList<>();
    for (GuestMemoryRegion region : memory.regions()) {
      for (long start = 0; start < region.size(); start += WINDOW) {
        long size = Math.min(WINDOW, region.size() - start);
        long gpa = region.gpa() + start;
        all.add(new Window(gpa, size, memory.slice(gpa, size).asByteBuffer()));
      }
    }
    windows = all.toArray(Window[]::new);
  }

  /** The buffers that {@link #fill} set; more may follow them. */
  public ByteBuffer[] buffers() {
    return buffers;
  }

  /**
   * Sets {@link #buffers} to these ranges, which lie inside guest memory.
   *
   * @return how many buffers they take
   */
  public int fill(BufferList ranges) {
    int count = 0;
    for (int i = 0; i < ranges.count(); i++) {
      long gpa = ranges.gpa(i);
      long left = ranges.length(i);
      while (left > 0) {
        int window = windowOf(gpa);
        int start = (int) (gpa - windows[window].gpa());
        int step = (int) Math.min(left, windows[window].size() - start);
        ByteBuffer buffer = buffer(count, window);
        buffer.limit(start + step).position(start);
        buffers[count] = buffer;
        count++;
        gpa += step;
        left -= step;
      }
    }
    return count;
  }

  private int windowOf(long gpa) {
    for (int i = 0; i < windows.length; i++) {
      long offset = gpa - windows[i].gpa();
      if (offset >= 0 && offset < windows[i].size()) {
        return i;
      }
    }
    throw new IllegalArgumentException("No guest memory at gpa=0x" + Long.toHexString(gpa));
  }

  private ByteBuffer buffer(int slot, int window) {
    if (slot == buffers.length) {
      buffers = Arrays.copyOf(buffers, Math.max(16, 2 * slot));
      int old = made.length;
      made = Arrays.copyOf(made, buffers.length * windows.length);
      for (int i = old; i < made.length; i++) {
        made[i] = windows[i % windows.length].pattern().duplicate();
      }
    }
    return made[slot * windows.length + window];
  }
}
