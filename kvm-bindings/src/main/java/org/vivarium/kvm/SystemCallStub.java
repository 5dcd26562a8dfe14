package org.vivarium.kvm;

import java.lang.foreign.MemorySegment;
import org.vivarium.kvm.ffi.Linux;

/**
 * libc's {@code syscall(2)} without errno: the instructions that enter the kernel, and the result
 * as the kernel returns it, a value from 0 up or {@code -errno}.
 *
 * <p>libc hands an error out through errno, which the JVM has to save on the way back of each call.
 * That makes a call from interpreted code nearly twice as long, and the first call of a process a
 * quarter ({@code docs/decisions/0017}).
 */
final class SystemCallStub {
  /**
   * System V ABI, 3.2.3 and A.2.1: number and arguments move one register down; the fourth one goes
   * to R10, since SYSCALL destroys RCX, and the sixth is on the stack.
   */
  private static final byte[] CODE = {
    (byte) 0xF3,
    0x0F,
    0x1E,
    (byte) 0xFA, // endbr64: an indirect call may land here
    0x48,
    (byte) 0x89,
    (byte) 0xF8, // mov %rdi, %rax
    0x48,
    (byte) 0x89,
    (byte) 0xF7, // mov %rsi, %rdi
    0x48,
    (byte) 0x89,
    (byte) 0xD6, // mov %rdx, %rsi
    0x48,
    (byte) 0x89,
    (byte) 0xCA, // mov %rcx, %rdx
    0x4D,
    (byte) 0x89,
    (byte) 0xC2, // mov %r8, %r10
    0x4D,
    (byte) 0x89,
    (byte) 0xC8, // mov %r9, %r8
    0x4C,
    (byte) 0x8B,
    0x4C,
    0x24,
    0x08, // mov 8(%rsp), %r9
    0x0F,
    0x05, // syscall
    (byte) 0xC3 // ret
  };

  private static final int PAGE = 4096;

  private SystemCallStub() {}

  /** libc's {@code syscall}, which answers -1 where it fails. */
  @FunctionalInterface
  interface Libc {
    /** Number and six arguments. */
    long call(long number, long a, long b, long c, long d, long e, long f);
  }

  /**
   * Makes the function, on a page that can be run and no longer be written, for as long as the
   * process lives.
   *
   * @throws IllegalStateException if the host forbids executable pages; it then forbids the JVM's
   *     compilers, too
   */
  static MemorySegment make(Libc libc) {
    int writable = Linux.PROT_READ() | Linux.PROT_WRITE();
    int flags = Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS();
    long address = libc.call(Linux.SYS_mmap(), 0, PAGE, writable, flags, -1, 0);
    if (address == -1) {
      throw new IllegalStateException("The host gives this process no page for system calls");
    }
    // SAFETY: a page of this process that nobody else knows of, never unmapped.
    MemorySegment page = MemorySegment.ofAddress(address).reinterpret(PAGE);
    page.asByteBuffer().put(CODE);
    int executable = Linux.PROT_READ() | Linux.PROT_EXEC();
    if (libc.call(Linux.SYS_mprotect(), address, PAGE, executable, 0, 0, 0) != 0) {
      throw new IllegalStateException("The host lets this process have no executable page");
    }
    return page;
  }
}
