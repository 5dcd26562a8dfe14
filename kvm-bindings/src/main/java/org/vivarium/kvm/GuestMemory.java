package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.ffi.Linux;

/**
 * A guest's RAM: page-aligned regions of guest physical address space mapped into this process.
 *
 * <p>All addresses are guest physical addresses (GPA), unsigned; multi-byte values are
 * little-endian. Every access is checked to lie inside one region and throws {@link
 * GuestAddressException} otherwise. The guest writes this memory while it runs, so a value read
 * twice may differ: copy once, validate the copy, use the copy.
 *
 * <p>Threads: any. {@link #close()} unmaps; the owner first stops every processor and drains every
 * I/O request that was given an address of this memory ({@link #hva}), because the kernel does not
 * ask before it writes there.
 */
public final class GuestMemory implements AutoCloseable {
  /** Size of a page, bytes: what regions are aligned to. */
  public static final long PAGE_SIZE = 4096;

  /** What stands behind the pages. */
  public enum Backing {
    /** A sealed memfd: another process can be given the memory (vhost-user). */
    MEMFD,
    /** Anonymous memory, which the host can back with transparent huge pages. */
    ANONYMOUS
  }

  /**
   * A range of guest physical addresses to be backed with RAM.
   *
   * @param gpa first address, page aligned
   * @param size bytes, above 0, a multiple of the page size
   */
  public record Range(long gpa, long size) {
    public Range {
      if ((gpa & (PAGE_SIZE - 1)) != 0 || gpa < 0) {
        throw new IllegalArgumentException("Not a page address: 0x" + Long.toHexString(gpa));
      }
      if (size <= 0 || (size & (PAGE_SIZE - 1)) != 0) {
        throw new IllegalArgumentException("Not a positive number of pages: " + size);
      }
      Math.addExact(gpa, size);
    }
  }

  private static final VarHandle RING_INDEX =
      MethodHandles.byteBufferViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  private final Arena arena;
  private final GuestMemoryRegion[] regions;
  private final long size;
  private final int memfd;

  private GuestMemory(Arena arena, GuestMemoryRegion[] regions, long size, int memfd) {
    this.arena = arena;
    this.regions = regions;
    this.size = size;
    this.memfd = memfd;
  }

  /**
   * Reserves the ranges; the host commits a page when it is first touched.
   *
   * @param ranges ascending, not overlapping
   * @throws KvmException if the host refuses the memory
   */
  public static GuestMemory allocate(List<Range> ranges, Backing backing) throws KvmException {
    long total = 0;
    long previousEnd = 0;
    for (Range range : ranges) {
      if (range.gpa() < previousEnd) {
        throw new IllegalArgumentException("Ranges of guest memory overlap or are out of order");
      }
      previousEnd = range.gpa() + range.size();
      total = Math.addExact(total, range.size());
    }
    if (total == 0) {
      throw new IllegalArgumentException("Guest memory has at least one range");
    }
    GuestMemoryMapping mapping = GuestMemoryMapping.map(total, backing);
    Arena arena = Arena.ofShared();
    GuestMemoryRegion[] regions = new GuestMemoryRegion[ranges.size()];
    long offset = 0;
    for (int i = 0; i < regions.length; i++) {
      Range range = ranges.get(i);
      // SAFETY: [address + offset, + size) is inside the mapping made above, which nothing but
      // close() of this object unmaps, after closing the arena that guards the segment.
      MemorySegment segment =
          MemorySegment.ofAddress(mapping.address() + offset)
              .reinterpret(range.size(), arena, null);
      regions[i] = new GuestMemoryRegion(range.gpa(), segment);
      offset += range.size();
    }
    return new GuestMemory(arena, regions, total, mapping.memfd());
  }

  /** The regions, ascending by address. */
  public List<GuestMemoryRegion> regions() {
    return List.of(regions);
  }

  /** Bytes of RAM in all regions. */
  public long size() {
    return size;
  }

  /**
   * The memfd behind the regions, which lie in it one after the other, or -1 for anonymous memory.
   */
  public int memfd() {
    return memfd;
  }

  /**
   * Whether {@code length} bytes at {@code gpa} lie inside one region; 0 bytes lie anywhere, and
   * every access of 0 bytes is allowed and does nothing.
   */
  public boolean contains(long gpa, long length) {
    return length == 0 || find(gpa, length) != null;
  }

  /**
   * A view of {@code length} bytes at {@code gpa}, valid until this memory is closed.
   *
   * @throws GuestAddressException if they do not lie inside one region
   */
  public MemorySegment slice(long gpa, long length) {
    if (length == 0) {
      return regions[0].segment().asSlice(0, 0);
    }
    GuestMemoryRegion region = require(gpa, length);
    return region.segment().asSlice(gpa - region.gpa(), length);
  }

  /**
   * Host virtual address of {@code length} bytes at {@code gpa}, for system calls.
   *
   * @throws GuestAddressException if they do not lie inside one region
   */
  public long hva(long gpa, long length) {
    if (!arena.scope().isAlive()) {
      throw new IllegalStateException("GuestMemory is closed");
    }
    if (length == 0) {
      return regions[0].hva();
    }
    GuestMemoryRegion region = require(gpa, length);
    return region.hva() + (gpa - region.gpa());
  }

  /** Reads an unsigned byte. */
  public int readU8(long gpa) {
    GuestMemoryRegion region = require(gpa, 1);
    long offset = gpa - region.gpa();
    return region.window(offset).get(GuestMemoryRegion.index(offset)) & 0xFF;
  }

  /** Reads an unsigned 16-bit value at any alignment. */
  public int readU16(long gpa) {
    GuestMemoryRegion region = require(gpa, 2);
    long offset = gpa - region.gpa();
    return region.window(offset).getShort(GuestMemoryRegion.index(offset)) & 0xFFFF;
  }

  /** Reads an unsigned 32-bit value at any alignment. */
  public long readU32(long gpa) {
    GuestMemoryRegion region = require(gpa, 4);
    long offset = gpa - region.gpa();
    return Integer.toUnsignedLong(region.window(offset).getInt(GuestMemoryRegion.index(offset)));
  }

  /** Reads a 64-bit value at any alignment. */
  public long readU64(long gpa) {
    GuestMemoryRegion region = require(gpa, 8);
    long offset = gpa - region.gpa();
    return region.window(offset).getLong(GuestMemoryRegion.index(offset));
  }

  /** Writes the low 8 bits of {@code value}. */
  public void writeU8(long gpa, int value) {
    GuestMemoryRegion region = require(gpa, 1);
    long offset = gpa - region.gpa();
    region.window(offset).put(GuestMemoryRegion.index(offset), (byte) value);
  }

  /** Writes the low 16 bits of {@code value}. */
  public void writeU16(long gpa, int value) {
    GuestMemoryRegion region = require(gpa, 2);
    long offset = gpa - region.gpa();
    region.window(offset).putShort(GuestMemoryRegion.index(offset), (short) value);
  }

  /** Writes the low 32 bits of {@code value}. */
  public void writeU32(long gpa, long value) {
    GuestMemoryRegion region = require(gpa, 4);
    long offset = gpa - region.gpa();
    region.window(offset).putInt(GuestMemoryRegion.index(offset), (int) value);
  }

  /** Writes a 64-bit value. */
  public void writeU64(long gpa, long value) {
    GuestMemoryRegion region = require(gpa, 8);
    long offset = gpa - region.gpa();
    region.window(offset).putLong(GuestMemoryRegion.index(offset), value);
  }

  /**
   * Reads a 16-bit ring index with acquire order: what the driver wrote before it is seen after.
   *
   * @param gpa even, or IllegalArgumentException
   */
  public int readU16Acquire(long gpa) {
    GuestMemoryRegion region = requireAligned(gpa);
    long offset = gpa - region.gpa();
    return (short) RING_INDEX.getAcquire(region.window(offset), GuestMemoryRegion.index(offset))
        & 0xFFFF;
  }

  /**
   * Writes a 16-bit ring index with release order: what was written before is seen with it.
   *
   * @param gpa even, or IllegalArgumentException
   */
  public void writeU16Release(long gpa, int value) {
    GuestMemoryRegion region = requireAligned(gpa);
    long offset = gpa - region.gpa();
    RING_INDEX.setRelease(region.window(offset), GuestMemoryRegion.index(offset), (short) value);
  }

  private GuestMemoryRegion requireAligned(long gpa) {
    GuestMemoryRegion region = require(gpa, 2);
    if ((gpa & 1) != 0) {
      throw new IllegalArgumentException("Not an even address: 0x" + Long.toHexString(gpa));
    }
    return region;
  }

  /** Copies guest memory into {@code target}. */
  public void read(long gpa, byte[] target, int offset, int length) {
    if (length == 0) {
      return;
    }
    GuestMemoryRegion region = require(gpa, length);
    long from = gpa - region.gpa();
    for (int done = 0, step; done < length; done += step) {
      step = Math.min(length - done, GuestMemoryRegion.LONGEST_ACCESS);
      int index = GuestMemoryRegion.index(from + done);
      region.window(from + done).get(index, target, offset + done, step);
    }
  }

  /** Copies {@code source} into guest memory. */
  public void write(long gpa, byte[] source, int offset, int length) {
    if (length == 0) {
      return;
    }
    GuestMemoryRegion region = require(gpa, length);
    long to = gpa - region.gpa();
    for (int done = 0, step; done < length; done += step) {
      step = Math.min(length - done, GuestMemoryRegion.LONGEST_ACCESS);
      int index = GuestMemoryRegion.index(to + done);
      region.window(to + done).put(index, source, offset + done, step);
    }
  }

  /**
   * Copies 64-bit words into guest memory, at once rather than one by one.
   *
   * @param source less than half a GiB
   */
  public void writeU64s(long gpa, long[] source) {
    int bytes = Math.multiplyExact(source.length, Long.BYTES);
    GuestMemoryRegion region = require(gpa, bytes);
    long to = gpa - region.gpa();
    ByteBuffer words = region.window(to).slice(GuestMemoryRegion.index(to), bytes);
    words.order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().put(source);
  }

  /**
   * Gives whole pages back to the host; the guest reads zeroes there afterwards.
   *
   * @param gpa page aligned
   * @param length bytes, a multiple of the page size
   * @throws KvmException if the host refuses
   */
  public void discard(long gpa, long length) throws KvmException {
    if (((gpa | length) & (PAGE_SIZE - 1)) != 0) {
      throw new IllegalArgumentException("Only whole pages can be given back");
    }
    if (length == 0) {
      return;
    }
    int advice = memfd >= 0 ? Linux.MADV_REMOVE() : Linux.MADV_DONTNEED();
    // SAFETY: hva() checked that the whole range is inside one mapped region.
    long result = NativeCalls.call(Linux.SYS_madvise(), hva(gpa, length), length, advice);
    if (result < 0) {
      throw new KvmException(
          "give guest memory back: gpa=0x" + Long.toHexString(gpa) + ", " + length + " bytes",
          (int) -result);
    }
  }

  /**
   * Unmaps the memory; slices of it throw IllegalStateException from now on.
   *
   * @throws IllegalStateException if a thread is inside an access to it
   */
  @Override
  public void close() {
    if (!arena.scope().isAlive()) {
      return;
    }
    arena.close();
    // SAFETY: the arena is closed, so no segment reaches the mapping any more.
    long result = NativeCalls.call(Linux.SYS_munmap(), regions[0].hva(), size);
    if (memfd >= 0) {
      NativeCalls.call(Linux.SYS_close(), memfd);
    }
    if (result < 0) {
      throw new AssertionError("munmap of guest memory failed: " + Errno.describe((int) -result));
    }
  }

  private GuestMemoryRegion require(long gpa, long length) {
    GuestMemoryRegion region = find(gpa, length);
    if (region == null) {
      throw new GuestAddressException(gpa, length);
    }
    return region;
  }

  private @Nullable GuestMemoryRegion find(long gpa, long length) {
    for (GuestMemoryRegion region : regions) {
      long offset = gpa - region.gpa();
      if (offset >= 0 && gpa >= 0 && length >= 0 && offset <= region.size() - length) {
        return region;
      }
    }
    return null;
  }
}
