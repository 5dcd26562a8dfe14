package org.vivarium.vmm.boot;

import org.vivarium.kvm.GuestMemory;
import org.vivarium.vmm.arch.X86Layout;

/** Page tables that map linear addresses to themselves by 2 MiB pages (AMD APM vol. 2, 5.3). */
final class IdentityMap {
  private static final long PRESENT_WRITABLE = 0b11;
  private static final long LARGE_PAGE = 1 << 7;
  private static final long LARGE_PAGE_SIZE = 2L << 20;
  private static final int ENTRIES = 512;

  private IdentityMap() {}

  /** Writes them at {@link X86Layout#PAGE_TABLES}, the address for CR3. */
  static void write(GuestMemory memory) {
    long pageMapLevel4 = X86Layout.PAGE_TABLES;
    long directoryPointers = pageMapLevel4 + GuestMemory.PAGE_SIZE;
    long directories = directoryPointers + GuestMemory.PAGE_SIZE;
    memory.writeU64(pageMapLevel4, directoryPointers | PRESENT_WRITABLE);
    for (int i = 0; i < X86Layout.IDENTITY_MAPPED_GIB; i++) {
      long directory = directories + i * GuestMemory.PAGE_SIZE;
      memory.writeU64(directoryPointers + (long) i * Long.BYTES, directory | PRESENT_WRITABLE);
    }
    long[] pages = new long[X86Layout.IDENTITY_MAPPED_GIB * ENTRIES];
    for (int i = 0; i < pages.length; i++) {
      pages[i] = i * LARGE_PAGE_SIZE | LARGE_PAGE | PRESENT_WRITABLE;
    }
    memory.writeU64s(directories, pages);
  }
}
