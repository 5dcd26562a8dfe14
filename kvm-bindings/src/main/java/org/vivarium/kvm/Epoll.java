package org.vivarium.kvm;

import java.lang.foreign.Arena;
import org.vivarium.kvm.ffi.Linux;

/**
 * An epoll(7) instance: waits for many file descriptors at once and says which are ready.
 *
 * <p>Each watched descriptor has a token, 64 bits of the caller's choice, that comes back with its
 * events. Threads: {@link #add}, {@link #modify} and {@link #remove} may come from any; one thread
 * waits, and reads what {@link #await} found before it waits again. Waiting allocates nothing.
 */
public final class Epoll extends FileDescriptor {
  /** There is something to read, or a connection to accept. */
  public static final int IN = Linux.EPOLLIN();

  /** There is room to write. */
  public static final int OUT = Linux.EPOLLOUT();

  /** The other end closed its writing half. */
  public static final int RDHUP = Linux.EPOLLRDHUP();

  /** An error; reported whether asked for or not. */
  public static final int ERR = Linux.EPOLLERR();

  /** The other end is gone; reported whether asked for or not. */
  public static final int HUP = Linux.EPOLLHUP();

  /** Report a descriptor when it becomes ready, not for as long as it is. */
  public static final int EDGE_TRIGGERED = Linux.EPOLLET();

  /** Waits until a descriptor is ready, however long that takes. */
  public static final int FOREVER = -1;

  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final long NANOS_PER_MILLI = 1_000_000L;

  private final KernelStruct found;
  private final KernelStruct timeout;
  private final int capacity;
  private int count;

  private Epoll(int fd, int capacity) {
    super(fd);
    this.capacity = capacity;
    // Automatic: a waiter may still read results while another thread closes the descriptor.
    this.found = new KernelStruct(Arena.ofAuto(), LinuxLayouts.EpollEvent.SIZE * capacity);
    this.timeout = new KernelStruct(Arena.ofAuto(), LinuxLayouts.Timespec.SIZE);
  }

  /**
   * Makes an instance that watches nothing yet.
   *
   * @param capacity how many ready descriptors one {@link #await} can report, from 1 up; what does
   *     not fit is reported by the next
   */
  public static Epoll create(int capacity) throws KvmException {
    if (capacity < 1) {
      throw new IllegalArgumentException("An epoll reports at least one descriptor: " + capacity);
    }
    long fd = NativeCalls.call(Linux.SYS_epoll_create1(), Linux.EPOLL_CLOEXEC());
    return new Epoll((int) KvmException.check(fd, "create an epoll instance"), capacity);
  }

  /**
   * Watches {@code fd}.
   *
   * @param events what for: {@link #IN}, {@link #OUT}, … or-ed
   * @param token comes back in {@link #token}
   * @throws KvmException EEXIST if it is watched already, EPERM if it cannot be (a regular file)
   */
  public void add(int fd, int events, long token) throws KvmException {
    control(Linux.EPOLL_CTL_ADD(), fd, events, token, "watch");
  }

  /** Changes what a watched descriptor is watched for, and its token. */
  public void modify(int fd, int events, long token) throws KvmException {
    control(Linux.EPOLL_CTL_MOD(), fd, events, token, "change the watch of");
  }

  /**
   * Watches {@code fd} no more. A closed descriptor is forgotten without this call, unless it was
   * duplicated.
   */
  public void remove(int fd) throws KvmException {
    control(Linux.EPOLL_CTL_DEL(), fd, 0, 0, "stop watching");
  }

  private void control(int operation, int target, int events, long token, String verb)
      throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct event = new KernelStruct(scratch, LinuxLayouts.EpollEvent.SIZE);
      event.putInt(LinuxLayouts.EpollEvent.EVENTS, events);
      event.putLong(LinuxLayouts.EpollEvent.DATA, token);
      // SAFETY: event is a whole struct epoll_event that lives until the call returns.
      long result =
          NativeCalls.call(Linux.SYS_epoll_ctl(), fd(), operation, target, event.address());
      if (result < 0) {
        throw new KvmException(verb + " file descriptor " + target, (int) -result);
      }
    }
  }

  /**
   * Waits until a watched descriptor is ready.
   *
   * @param timeoutMillis at most so long: 0 only looks, {@link #FOREVER} has no limit
   * @return how many are ready: 0 after the timeout, or when a signal interrupted the wait
   */
  public int await(int timeoutMillis) throws KvmException {
    // SAFETY: found has room for capacity events and belongs to this object.
    long result =
        NativeCalls.call(Linux.SYS_epoll_wait(), fd(), found.address(), capacity, timeoutMillis);
    return ready(result);
  }

  /**
   * As {@link #await}, with a timeout that may be shorter than a millisecond.
   *
   * @param nanos at most so long, from 0 up; whole milliseconds, rounded up, where the kernel has
   *     no epoll_pwait2 (before 5.11) or something forbids it
   */
  public int awaitNanos(long nanos) throws KvmException {
    timeout.putLong(LinuxLayouts.Timespec.TV_SEC, nanos / NANOS_PER_SECOND);
    timeout.putLong(LinuxLayouts.Timespec.TV_NSEC, nanos % NANOS_PER_SECOND);
    // SAFETY: as in await; timeout is a whole struct timespec, and no signal mask is passed.
    long result =
        NativeCalls.call(
            Linux.SYS_epoll_pwait2(), fd(), found.address(), capacity, timeout.address(), 0, 0);
    if (result == -Errno.ENOSYS || result == -Errno.EPERM) {
      return await((int) Math.min(Integer.MAX_VALUE, nanos / NANOS_PER_MILLI + 1));
    }
    return ready(result);
  }

  private int ready(long result) throws KvmException {
    count = result == -Errno.EINTR ? 0 : (int) KvmException.check(result, "wait for events");
    return count;
  }

  /**
   * Token of a ready descriptor.
   *
   * @param index 0 to the last {@link #await}'s result - 1
   */
  public long token(int index) {
    return found.getLong(
        checked(index) * LinuxLayouts.EpollEvent.SIZE + LinuxLayouts.EpollEvent.DATA);
  }

  /**
   * What a ready descriptor is ready for: {@link #IN}, {@link #HUP}, … or-ed.
   *
   * @param index 0 to the last {@link #await}'s result - 1
   */
  public int events(int index) {
    return found.getInt(
        checked(index) * LinuxLayouts.EpollEvent.SIZE + LinuxLayouts.EpollEvent.EVENTS);
  }

  private int checked(int index) {
    if (index < 0 || index >= count) {
      throw new IndexOutOfBoundsException(index);
    }
    return index;
  }
}
