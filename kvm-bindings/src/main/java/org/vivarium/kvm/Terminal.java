package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.vivarium.kvm.ffi.Linux;
import org.vivarium.kvm.ffi.termios;
import org.vivarium.kvm.ffi.winsize;

/**
 * A terminal in raw mode: every key goes to the reader as it is pressed, none is shown, none is a
 * signal (termios(3), cfmakeraw).
 *
 * <p>{@link #close()} puts the terminal back as it was, from any thread and any number of times: a
 * caller that may be ended by a signal also calls it in a shutdown hook. Nothing can put it back
 * after SIGKILL; the user then types {@code reset}.
 */
public final class Terminal implements AutoCloseable {
  /** File descriptor of standard input. */
  public static final int STANDARD_INPUT = 0;

  /** File descriptor of standard output. */
  public static final int STANDARD_OUTPUT = 1;

  /** File descriptor of standard error. */
  public static final int STANDARD_ERROR = 2;

  /** The size of a terminal in characters. */
  public record Size(int columns, int rows) {}

  private final int fd;
  private final MemorySegment saved;
  private boolean restored;

  private Terminal(int fd, MemorySegment saved) {
    this.fd = fd;
    this.saved = saved;
  }

  /** Whether a file descriptor of this process is a terminal. */
  public static boolean isTerminal(int fd) {
    try (Arena scratch = Arena.ofConfined()) {
      return readModes(fd, termios.allocate(scratch)) >= 0;
    }
  }

  /** The size of the terminal at {@code fd}; nothing if it is none, or does not know. */
  public static Optional<Size> size(int fd) {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment size = winsize.allocate(scratch);
      // SAFETY: size is a whole struct winsize that lives until the call returns.
      if (NativeCalls.ioctl(fd, Linux.TIOCGWINSZ(), size.address()) < 0) {
        return Optional.empty();
      }
      int columns = winsize.ws_col(size) & 0xFFFF;
      int rows = winsize.ws_row(size) & 0xFFFF;
      return columns == 0 || rows == 0 ? Optional.empty() : Optional.of(new Size(columns, rows));
    }
  }

  /**
   * Puts the terminal at {@code fd} into raw mode. Output is processed as before, so that lines of
   * this process still begin in the first column.
   *
   * @throws KvmException ENOTTY if it is no terminal
   */
  public static Terminal openRaw(int fd) throws KvmException {
    MemorySegment saved = termios.allocate(Arena.ofAuto());
    KvmException.check(readModes(fd, saved), "read the modes of the terminal");
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment raw = termios.allocate(scratch).copyFrom(saved);
      makeRaw(raw);
      KvmException.check(writeModes(fd, raw), "put the terminal into raw mode");
    }
    return new Terminal(fd, saved);
  }

  private static void makeRaw(MemorySegment modes) {
    int input =
        Linux.BRKINT()
            | Linux.ICRNL()
            | Linux.IGNCR()
            | Linux.INLCR()
            | Linux.INPCK()
            | Linux.ISTRIP()
            | Linux.IXON();
    int local = Linux.ECHO() | Linux.ICANON() | Linux.IEXTEN() | Linux.ISIG();
    termios.c_iflag(modes, termios.c_iflag(modes) & ~input);
    termios.c_lflag(modes, termios.c_lflag(modes) & ~local);
    int eightBits = (termios.c_cflag(modes) & ~(Linux.CSIZE() | Linux.PARENB())) | Linux.CS8();
    termios.c_cflag(modes, eightBits);
    termios.c_cc(modes, Linux.VMIN(), (byte) 1);
    termios.c_cc(modes, Linux.VTIME(), (byte) 0);
  }

  private static long readModes(int fd, MemorySegment modes) {
    // SAFETY: modes is a whole struct termios, the kernel's (asm/termbits.h), not libc's.
    return NativeCalls.ioctl(fd, Linux.TCGETS(), modes.address());
  }

  private static long writeModes(int fd, MemorySegment modes) {
    // TCSETS, not TCSETSW: waiting for output would hang on a terminal stopped with Ctrl-S.
    // SAFETY: as in readModes.
    return NativeCalls.ioctl(fd, Linux.TCSETS(), modes.address());
  }

  /** Puts the terminal back as it was before {@link #openRaw}. A terminal that hung up is left. */
  @Override
  public synchronized void close() {
    if (!restored) {
      restored = true;
      writeModes(fd, saved);
    }
  }
}
