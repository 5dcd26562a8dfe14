package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.vivarium.kvm.ffi.Linux;

/** The pages of guest memory: where they are mapped and, if shared, by which memfd. */
record GuestMemoryMapping(long address, int memfd) {
  private static final long HUGE_PAGE = 2L << 20;

  static GuestMemoryMapping map(long size, GuestMemory.Backing backing) throws KvmException {
    String what = "reserve " + size / (1 << 20) + " MiB of guest memory";
    int memfd = backing == GuestMemory.Backing.MEMFD ? createMemfd(size, what) : -1;
    int share = memfd >= 0 ? Linux.MAP_SHARED() : Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS();
    long address = 0;
    try {
      address = reserveAligned(size, what);
      int protection = Linux.PROT_READ() | Linux.PROT_WRITE();
      int flags = share | Linux.MAP_FIXED() | Linux.MAP_NORESERVE();
      // SAFETY: MAP_FIXED replaces a part of the reservation made one line above, ours alone.
      KvmException.check(
          NativeCalls.call(Linux.SYS_mmap(), address, size, protection, flags, memfd, 0), what);
      // SAFETY: advice about the mapping made above, which changes no content.
      // Advice only: a kernel without huge pages or core dump control answers EINVAL.
      NativeCalls.call(Linux.SYS_madvise(), address, size, Linux.MADV_HUGEPAGE());
      NativeCalls.call(Linux.SYS_madvise(), address, size, Linux.MADV_DONTDUMP());
      return new GuestMemoryMapping(address, memfd);
    } catch (KvmException e) {
      unmap(address, address == 0 ? 0 : size);
      if (memfd >= 0) {
        NativeCalls.call(Linux.SYS_close(), memfd);
      }
      throw e;
    }
  }

  /** An address range aligned to a huge page, so that the host can map GPA by 2 MiB pages. */
  private static long reserveAligned(long size, String what) throws KvmException {
    long span = Math.addExact(size, HUGE_PAGE);
    int flags = Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS() | Linux.MAP_NORESERVE();
    long start =
        KvmException.check(
            NativeCalls.call(Linux.SYS_mmap(), 0, span, Linux.PROT_NONE(), flags, -1, 0), what);
    long address = (start + HUGE_PAGE - 1) & -HUGE_PAGE;
    unmap(start, address - start);
    unmap(address + size, start + span - (address + size));
    return address;
  }

  private static void unmap(long address, long length) {
    if (length > 0) {
      // SAFETY: a part of the reservation that this class made and gave to nobody.
      NativeCalls.call(Linux.SYS_munmap(), address, length);
    }
  }

  private static int createMemfd(long size, String what) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment name = scratch.allocateFrom("vivarium-guest-memory");
      // SAFETY: name is a NUL-terminated string that lives until the call returns.
      int flags = Linux.MFD_CLOEXEC() | Linux.MFD_ALLOW_SEALING();
      int fd =
          (int)
              KvmException.check(
                  NativeCalls.call(Linux.SYS_memfd_create(), name.address(), flags), what);
      // Sealed at its size: whoever is given the memfd cannot truncate it under the mapping.
      long seals = Linux.F_SEAL_SHRINK() | Linux.F_SEAL_GROW() | Linux.F_SEAL_SEAL();
      long result = NativeCalls.call(Linux.SYS_ftruncate(), fd, size);
      if (result >= 0) {
        result = NativeCalls.call(Linux.SYS_fcntl(), fd, Linux.F_ADD_SEALS(), seals);
      }
      if (result < 0) {
        NativeCalls.call(Linux.SYS_close(), fd);
        throw new KvmException(what, (int) -result);
      }
      return fd;
    }
  }
}
