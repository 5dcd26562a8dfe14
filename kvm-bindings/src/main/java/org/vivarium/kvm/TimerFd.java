package org.vivarium.kvm;

import java.lang.foreign.Arena;
import org.vivarium.kvm.ffi.Linux;

/**
 * A timer on the monotonic clock that is read through a file descriptor (timerfd_create(2)).
 *
 * <p>Non-blocking; any thread. Arming and draining allocate nothing.
 */
public final class TimerFd extends FileDescriptor {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  /** A struct itimerspec, then eight bytes for the count of expirations. */
  private final KernelStruct scratch =
      new KernelStruct(Arena.ofAuto(), LinuxLayouts.Itimerspec.SIZE + Long.BYTES);

  private TimerFd(int fd) {
    super(fd);
  }

  /** Makes a timer that is not armed. */
  public static TimerFd create() throws KvmException {
    int flags = Linux.TFD_CLOEXEC() | Linux.TFD_NONBLOCK();
    long fd = NativeCalls.call(Linux.SYS_timerfd_create(), Linux.CLOCK_MONOTONIC(), flags);
    return new TimerFd((int) KvmException.check(fd, "create a timer"));
  }

  /**
   * Expires once, {@code nanos} from now.
   *
   * @param nanos from 1 up
   */
  public void arm(long nanos) throws KvmException {
    arm(nanos, 0);
  }

  /**
   * Expires {@code firstNanos} from now and then every {@code intervalNanos}.
   *
   * @param firstNanos from 1 up
   * @param intervalNanos 0 for a timer that expires once
   */
  public void arm(long firstNanos, long intervalNanos) throws KvmException {
    if (firstNanos < 1 || intervalNanos < 0) {
      throw new IllegalArgumentException(
          "A timer cannot expire in " + firstNanos + " ns and then every " + intervalNanos);
    }
    set(firstNanos, intervalNanos);
  }

  /** Stops the timer; an expiration that was not drained is forgotten. */
  public void disarm() throws KvmException {
    set(0, 0);
  }

  private synchronized void set(long firstNanos, long intervalNanos) throws KvmException {
    store(LinuxLayouts.Itimerspec.IT_VALUE, firstNanos);
    store(LinuxLayouts.Itimerspec.IT_INTERVAL, intervalNanos);
    // SAFETY: scratch begins with a whole struct itimerspec; the null address asks for no old one.
    KvmException.check(
        NativeCalls.call(Linux.SYS_timerfd_settime(), fd(), 0, scratch.address(), 0),
        "set a timer");
  }

  private void store(int offset, long nanos) {
    scratch.putLong(offset + LinuxLayouts.Timespec.TV_SEC, nanos / NANOS_PER_SECOND);
    scratch.putLong(offset + LinuxLayouts.Timespec.TV_NSEC, nanos % NANOS_PER_SECOND);
  }

  /**
   * Takes the expirations since the last call.
   *
   * @return how many, 0 if none
   */
  public synchronized long drain() {
    int count = LinuxLayouts.Itimerspec.SIZE;
    // SAFETY: the eight bytes after the struct are this object's own.
    long n = NativeCalls.call(Linux.SYS_read(), fd(), scratch.address() + count, Long.BYTES);
    return n == Long.BYTES ? scratch.getLong(count) : 0;
  }
}
