package org.vivarium.vmm.arch;

import java.util.ArrayList;
import java.util.List;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.vmm.InvalidConfigException;

/**
 * Where RAM and the 64-bit PCI window lie for one amount of RAM, and what the kernel is told of it.
 *
 * @param lowRamEnd first address after the RAM that starts at 0
 * @param highRamEnd first address after the RAM that starts at {@link X86Layout#HIGH_RAM}; that
 *     address itself if there is none
 * @param mmio64Start first address of the 64-bit PCI memory window
 * @param mmio64End first address after it
 */
public record MemoryMap(long lowRamEnd, long highRamEnd, long mmio64Start, long mmio64End) {
  private static final long MIB = 1L << 20;
  private static final long LEAST_RAM = 2 * MIB;
  private static final int LEAST_ADDRESS_BITS = 36;
  private static final int MOST_ADDRESS_BITS = 52;

  /** What a range of addresses is; the numbers are those of e820 and of PVH's memory map. */
  public enum Kind {
    /** Free to use. */
    RAM(1),
    /** Not for the guest's allocator. */
    RESERVED(2);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    /** The type as both boot protocols encode it. */
    public int code() {
      return code;
    }
  }

  /**
   * A range that the kernel is told of.
   *
   * @param start first address
   * @param size bytes, above 0
   * @param kind what it is
   */
  public record Entry(long start, long size, Kind kind) {
    /** First address after the range. */
    public long end() {
      return start + size;
    }
  }

  /**
   * Lays out a machine.
   *
   * @param memoryBytes RAM, whole pages, at least 2 MiB
   * @param physicalAddressBits width of a guest physical address: CPUID leaf 0x80000008, EAX[7:0]
   * @throws InvalidConfigException if so much RAM leaves no room for the PCI window
   */
  public static MemoryMap of(long memoryBytes, int physicalAddressBits)
      throws InvalidConfigException {
    if (memoryBytes < LEAST_RAM || memoryBytes % GuestMemory.PAGE_SIZE != 0) {
      throw new InvalidConfigException(
          "Memory: %d bytes is not possible; choose at least 2 MiB, in whole MiB."
              .formatted(memoryBytes));
    }
    if (physicalAddressBits < LEAST_ADDRESS_BITS || physicalAddressBits > MOST_ADDRESS_BITS) {
      throw new InvalidConfigException(
          "Processor: it has %d physical address bits; %d to %d are supported."
              .formatted(physicalAddressBits, LEAST_ADDRESS_BITS, MOST_ADDRESS_BITS));
    }
    long limit = (1L << physicalAddressBits) - X86Layout.TOP_OF_ADDRESS_SPACE_RESERVED;
    long lowRamEnd = Math.min(memoryBytes, X86Layout.LOW_RAM_MAX);
    // What fits with the least window; compared before anything is added that could overflow.
    long mostRam =
        limit - X86Layout.PCI_MMIO64_ALIGN - (X86Layout.HIGH_RAM - X86Layout.LOW_RAM_MAX);
    if (memoryBytes > mostRam) {
      throw new InvalidConfigException(
          "Memory: %d MiB is more than this processor's %d physical address bits have room for; "
                  .formatted(memoryBytes / MIB, physicalAddressBits)
              + "choose at most %d MiB.".formatted(mostRam / MIB));
    }
    long highRamEnd = X86Layout.HIGH_RAM + memoryBytes - lowRamEnd;
    long start = (highRamEnd + X86Layout.PCI_MMIO64_ALIGN - 1) & -X86Layout.PCI_MMIO64_ALIGN;
    long end = Math.min(limit, start + X86Layout.PCI_MMIO64_MAX_SIZE);
    return new MemoryMap(lowRamEnd, highRamEnd, start, end);
  }

  /** Bytes of RAM. */
  public long memoryBytes() {
    return lowRamEnd + (highRamEnd - X86Layout.HIGH_RAM);
  }

  /** What to allocate as guest memory. */
  public List<GuestMemory.Range> ramRanges() {
    GuestMemory.Range low = new GuestMemory.Range(0, lowRamEnd);
    return highRamEnd == X86Layout.HIGH_RAM
        ? List.of(low)
        : List.of(low, new GuestMemory.Range(X86Layout.HIGH_RAM, highRamEnd - X86Layout.HIGH_RAM));
  }

  /** What the kernel is told, ascending and not overlapping. */
  public List<Entry> entries() {
    List<Entry> entries = new ArrayList<>();
    entries.add(entry(0, X86Layout.EBDA, Kind.RAM));
    entries.add(entry(X86Layout.EBDA, X86Layout.VGA, Kind.RESERVED));
    entries.add(entry(X86Layout.ACPI_TABLES, X86Layout.EXTENDED_MEMORY, Kind.RESERVED));
    entries.add(entry(X86Layout.EXTENDED_MEMORY, lowRamEnd, Kind.RAM));
    // Linux uses ECAM only where the memory map or ACPI reserves it.
    entries.add(entry(X86Layout.ECAM, X86Layout.ECAM + X86Layout.ECAM_SIZE, Kind.RESERVED));
    entries.add(entry(X86Layout.KVM_IDENTITY_MAP, X86Layout.KVM_RESERVED_END, Kind.RESERVED));
    if (highRamEnd > X86Layout.HIGH_RAM) {
      entries.add(entry(X86Layout.HIGH_RAM, highRamEnd, Kind.RAM));
    }
    return List.copyOf(entries);
  }

  private static Entry entry(long start, long end, Kind kind) {
    return new Entry(start, end - start, kind);
  }
}
