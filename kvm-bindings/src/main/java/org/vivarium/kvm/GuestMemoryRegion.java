package org.vivarium.kvm;

import java.lang.foreign.MemorySegment;

/**
 * A contiguous range of guest RAM and where it lies in this process.
 *
 * @param gpa first guest physical address, page aligned, unsigned
 * @param size bytes, a multiple of the page size
 * @param segment the bytes, mapped for as long as the {@link GuestMemory} is open
 */
public record GuestMemoryRegion(long gpa, long size, MemorySegment segment) {
  /** First address after the region. */
  public long end() {
    return gpa + size;
  }

  /** Host virtual address of the first byte. */
  public long hva() {
    return segment.address();
  }
}
