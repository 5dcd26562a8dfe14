package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vivarium.kvm.ffi.Linux;
import org.vivarium.kvm.ffi.winsize;

/** Both ends of a pseudo-terminal: what is written to one end is typed at the other. */
final class PseudoTerminal implements AutoCloseable {
  private static final long TIOCSPTLCK = 0x4004_5431L;
  private static final long TIOCGPTPEER = 0x5441L;
  private static final int O_NOCTTY = 0x100;

  final int keyboard;
  final int terminal;

  PseudoTerminal() throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment path = scratch.allocateFrom("/dev/ptmx");
      int flags = Linux.O_RDWR() | Linux.O_CLOEXEC() | O_NOCTTY;
      keyboard =
          (int)
              KvmException.check(
                  NativeCalls.call(Linux.SYS_openat(), Linux.AT_FDCWD(), path.address(), flags, 0),
                  "open a pseudo-terminal");
      MemorySegment unlocked = scratch.allocateFrom(ValueLayout.JAVA_INT, 0);
      KvmException.check(
          NativeCalls.ioctl(keyboard, TIOCSPTLCK, unlocked.address()), "unlock a pseudo-terminal");
      terminal =
          (int)
              KvmException.check(
                  NativeCalls.ioctl(keyboard, TIOCGPTPEER, flags | Linux.O_NONBLOCK()),
                  "open the other end of a pseudo-terminal");
    }
  }

  void resize(int columns, int rows) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment size = winsize.allocate(scratch);
      winsize.ws_col(size, (short) columns);
      winsize.ws_row(size, (short) rows);
      KvmException.check(
          NativeCalls.ioctl(keyboard, Linux.TIOCSWINSZ(), size.address()), "resize a terminal");
    }
  }

  void type(byte[] keys) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment bytes = scratch.allocateFrom(ValueLayout.JAVA_BYTE, keys);
      KvmException.check(
          NativeCalls.call(Linux.SYS_write(), keyboard, bytes.address(), keys.length), "type");
    }
  }

  /** What a program at the terminal reads, nothing if it would have to wait. */
  byte[] read() {
    return read(terminal);
  }

  private static byte[] read(int fd) {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment bytes = scratch.allocate(256);
      long n = NativeCalls.call(Linux.SYS_read(), fd, bytes.address(), bytes.byteSize());
      return bytes.asSlice(0, Math.max(0, n)).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  @Override
  public void close() {
    NativeCalls.call(Linux.SYS_close(), terminal);
    NativeCalls.call(Linux.SYS_close(), keyboard);
  }
}
