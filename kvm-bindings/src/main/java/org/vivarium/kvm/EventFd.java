package org.vivarium.kvm;

import java.lang.foreign.Arena;
import org.vivarium.kvm.ffi.Linux;

/**
 * An eventfd(2): a 64-bit counter that wakes whoever waits for it; KVM's ioeventfd and irqfd end.
 *
 * <p>Non-blocking. {@link #signal()} and {@link #drain()} allocate nothing.
 */
public final class EventFd extends FileDescriptor {
  /** The constant 1, shared by every signal: never written after it is made. */
  private static final KernelStruct ONE =
      new KernelStruct(Arena.global(), Long.BYTES).putLong(0, 1);

  private static final ThreadLocal<KernelStruct> SCRATCH =
      ThreadLocal.withInitial(() -> new KernelStruct(Arena.ofAuto(), Long.BYTES));

  private EventFd(int fd) {
    super(fd);
  }

  /** Makes an eventfd with count 0. */
  public static EventFd create() throws KvmException {
    int flags = Linux.EFD_CLOEXEC() | Linux.EFD_NONBLOCK();
    return new EventFd(
        (int)
            KvmException.check(
                NativeCalls.call(Linux.SYS_eventfd2(), 0, flags), "create an eventfd"));
  }

  /**
   * Adds one to the count. A counter at its maximum already wakes its reader: EAGAIN is ignored.
   */
  public void signal() {
    // SAFETY: ONE lives for ever and holds the eight bytes that are read.
    NativeCalls.call(Linux.SYS_write(), fd(), ONE.address(), 8);
  }

  /**
   * Sets the count back to 0.
   *
   * @return the count before, 0 if it was 0
   */
  public long drain() {
    KernelStruct scratch = SCRATCH.get();
    // SAFETY: eight bytes, this thread's own.
    long n = NativeCalls.call(Linux.SYS_read(), fd(), scratch.address(), 8);
    return n == 8 ? scratch.getLong(0) : 0;
  }
}
