package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.util.Optional;
import org.vivarium.kvm.ffi.Linux;

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
  private final KernelStruct saved;
  private boolean restored;

  private Terminal(int fd, KernelStruct saved) {
    this.fd = fd;
    this.saved = saved;
  }

  /** Whether a file descriptor of this process is a terminal. */
  public static boolean isTerminal(int fd) {
    try (Arena scratch = Arena.ofConfined()) {
      return readModes(fd, new KernelStruct(scratch, LinuxLayouts.Termios.SIZE)) >= 0;
    }
  }

  /** The size of the terminal at {@code fd}; nothing if it is none, or does not know. */
  public static Optional<Size> size(int fd) {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct size = new KernelStruct(scratch, LinuxLayouts.Winsize.SIZE);
      // SAFETY: size is a whole struct winsize that lives until the call returns.
      if (NativeCalls.ioctl(fd, Linux.TIOCGWINSZ(), size.address()) < 0) {
        return Optional.empty();
      }
      int columns = size.getShort(LinuxLayouts.Winsize.WS_COL) & 0xFFFF;
      int rows = size.getShort(LinuxLayouts.Winsize.WS_ROW) & 0xFFFF;
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
    KernelStruct saved = new KernelStruct(Arena.ofAuto(), LinuxLayouts.Termios.SIZE);
    KvmException.check(readModes(fd, saved), "read the modes of the terminal");
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct raw = new KernelStruct(scratch, LinuxLayouts.Termios.SIZE).copyFrom(saved);
      makeRaw(raw);
      KvmException.check(writeModes(fd, raw), "put the terminal into raw mode");
    }
    return new Terminal(fd, saved);
  }

  private static void makeRaw(KernelStruct modes) {
    int input =
        Linux.BRKINT()
            | Linux.ICRNL()
            | Linux.IGNCR()
            | Linux.INLCR()
            | Linux.INPCK()
            | Linux.ISTRIP()
            | Linux.IXON();
    int local = Linux.ECHO() | Linux.ICANON() | Linux.IEXTEN() | Linux.ISIG();
    clear(modes, LinuxLayouts.Termios.C_IFLAG, input);
    clear(modes, LinuxLayouts.Termios.C_LFLAG, local);
    clear(modes, LinuxLayouts.Termios.C_CFLAG, Linux.CSIZE() | Linux.PARENB());
    int eightBits = modes.getInt(LinuxLayouts.Termios.C_CFLAG) | Linux.CS8();
    modes.putInt(LinuxLayouts.Termios.C_CFLAG, eightBits);
    modes.putByte(LinuxLayouts.Termios.C_CC + Linux.VMIN(), 1);
    modes.putByte(LinuxLayouts.Termios.C_CC + Linux.VTIME(), 0);
  }

  private static void clear(KernelStruct modes, int offset, int bits) {
    modes.putInt(offset, modes.getInt(offset) & ~bits);
  }

  private static long readModes(int fd, KernelStruct modes) {
    // SAFETY: modes is a whole struct termios, the kernel's (asm/termbits.h), not libc's.
    return NativeCalls.ioctl(fd, Linux.TCGETS(), modes.address());
  }

  private static long writeModes(int fd, KernelStruct modes) {
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
