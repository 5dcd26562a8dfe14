package org.vivarium.kvm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.vivarium.kvm.ffi.Linux;

/**
 * The one door to native code: a system call, as the kernel defines it.
 *
 * <p>Every call is one of seven integer words, so that the JVM spins one downcall shape at start-up
 * instead of one for each function. No call is linked as {@code critical}: any of them may block,
 * and a critical call would hold every garbage collection until it returned. Results follow the
 * kernel's own convention: a value from 0 up, or {@code -errno}.
 */
final class NativeCalls {
  private static final Linker LINKER = Linker.nativeLinker();

  /**
   * Calls any function of libc with seven words. Not bound to one function: binding would have the
   * JVM spin one more form at start-up, and calls are no slower, for the address is a constant.
   */
  // SAFETY: the functions called through it (the stub, syscall, sigaction) take and return integer
  // words only. The System V ABI ignores argument registers that the callee does not read, and none
  // looks at the vector register count that C passes to a variadic function.
  private static final MethodHandle SEVEN_WORDS =
      LINKER.downcallHandle(
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
              JAVA_LONG));

  private static final MemorySegment SYSCALL = SystemCallStub.make(new Libc(find("syscall")));

  /** A class rather than a lambda, which would cost the first native call some milliseconds. */
  private record Libc(MemorySegment function) implements SystemCallStub.Libc {
    @Override
    public long call(long number, long a, long b, long c, long d, long e, long f) {
      return invoke(function, number, a, b, c, d, e, f);
    }
  }

  private NativeCalls() {}

  private static MemorySegment find(String function) {
    return LINKER.defaultLookup().find(function).orElseThrow();
  }

  /** Address of a libc function that is harmless as a signal handler: it reads one int, returns. */
  static long harmlessHandlerAddress() {
    return find("abs").address();
  }

  /**
   * {@code sigaction(2)} of libc, which supplies the restorer that the raw system call would need.
   *
   * @return 0, or {@code -EINVAL}, its one error with addresses that are good
   */
  static long sigaction(int signal, long newAction, long oldAction) {
    // libc's int result: the upper half of the word is undefined.
    int result = (int) invoke(find("sigaction"), signal, newAction, oldAction, 0, 0, 0, 0);
    return result == 0 ? 0 : -Errno.EINVAL;
  }

  static long call(int number) {
    return invoke(SYSCALL, number, 0, 0, 0, 0, 0, 0);
  }

  static long call(int number, long a) {
    return invoke(SYSCALL, number, a, 0, 0, 0, 0, 0);
  }

  static long call(int number, long a, long b) {
    return invoke(SYSCALL, number, a, b, 0, 0, 0, 0);
  }

  static long call(int number, long a, long b, long c) {
    return invoke(SYSCALL, number, a, b, c, 0, 0, 0);
  }

  static long call(int number, long a, long b, long c, long d) {
    return invoke(SYSCALL, number, a, b, c, d, 0, 0);
  }

  static long call(int number, long a, long b, long c, long d, long e, long f) {
    return invoke(SYSCALL, number, a, b, c, d, e, f);
  }

  /**
   * Opens a file by name.
   *
   * @param flags {@code O_*} or-ed; O_CREAT is not among them
   * @return the file descriptor, or {@code -errno}
   */
  static long open(Path path, int flags) {
    try (Arena scratch = Arena.ofConfined()) {
      byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
      MemorySegment name = scratch.allocate(bytes.length + 1L);
      // A segment's own copy of a string would have the JVM spin a switch at the first call.
      name.asByteBuffer().put(bytes);
      long fd;
      do {
        // SAFETY: name is a NUL-terminated string that lives until the call returns.
        fd = call(Linux.SYS_openat(), Linux.AT_FDCWD(), name.address(), flags, 0);
      } while (fd == -Errno.EINTR);
      return fd;
    }
  }

  /** {@code ioctl(2)} with an integer or an address as its argument. */
  static long ioctl(int fd, long request, long argument) {
    return invoke(SYSCALL, Linux.SYS_ioctl(), fd, request, argument, 0, 0, 0);
  }

  private static long invoke(
      MemorySegment function, long w0, long w1, long w2, long w3, long w4, long w5, long w6) {
    try {
      // SAFETY: addresses among the words were taken from live mappings or segments by the callers
      // in this package, which keep them reachable until the call returns.
      return (long) SEVEN_WORDS.invokeExact(function, w0, w1, w2, w3, w4, w5, w6);
    } catch (Throwable t) {
      throw new AssertionError("A downcall of integer words cannot throw", t);
    }
  }
}
