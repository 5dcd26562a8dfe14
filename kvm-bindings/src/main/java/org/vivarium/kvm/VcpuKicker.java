package org.vivarium.kvm;

import java.lang.foreign.Arena;
import org.vivarium.kvm.ffi.Linux;

/**
 * Brings a thread out of KVM_RUN: sets {@code immediate_exit} and sends it a signal whose handler
 * does nothing (KVM API, "immediate_exit").
 *
 * <p>The handler is a harmless function of libc itself, installed without SA_RESTART, so no Java
 * code ever runs in a signal handler. The signal is a real-time one that the JVM has no use for. A
 * thread that has ended is never signalled: its number may belong to another by then.
 */
final class VcpuKicker {
  /** SIGRTMIN of glibc is 34; the JVM and libc themselves use none from 36 on. */
  private static final int SIGNAL = 40;

  static {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct action = new KernelStruct(scratch, LinuxLayouts.Sigaction.SIZE);
      action.putLong(
          LinuxLayouts.Sigaction.SIGACTION_HANDLER, NativeCalls.harmlessHandlerAddress());
      // SAFETY: a zeroed struct sigaction (no flags, empty mask) with a handler that is code of
      // libc taking one int, alive as long as the process.
      long result = NativeCalls.sigaction(SIGNAL, action.address(), 0);
      if (result < 0) {
        throw new AssertionError("sigaction: " + Errno.describe((int) -result));
      }
    }
  }

  private final KvmRun run;
  private final int processId = (int) NativeCalls.call(Linux.SYS_getpid());
  private final int threadId = (int) NativeCalls.call(Linux.SYS_gettid());
  private boolean ended;

  /** Called on the thread that is to be kicked. */
  VcpuKicker(KvmRun run) {
    this.run = run;
  }

  /** Makes the thread's KVM_RUN, or its next one, return with EXIT_INTR. Any thread. */
  synchronized void kick() {
    if (!ended) {
      run.requestImmediateExit(true);
      NativeCalls.call(Linux.SYS_tgkill(), processId, threadId, SIGNAL);
    }
  }

  /** No kick reaches the thread after this returns. Called on the thread itself. */
  synchronized void end() {
    ended = true;
  }
}
