package org.vivarium.kvm;

import java.util.EnumSet;
import java.util.Set;

/**
 * A filter of system calls for one thread, narrower than its process's ({@link
 * SeccompFilter#runningGuest}): what the Java virtual machine needs of any thread, and what this
 * kind of thread does. What is refused fails with EPERM.
 *
 * <p>It stops who has taken over a thread's calls and nothing more. Threads share their memory: who
 * can write there can have another thread make a call.
 *
 * <p>Each thread has its own and calls it itself.
 */
public final class ThreadFilter {
  /** What a thread does. */
  public enum Kind {
    /** It runs a virtual processor and answers its accesses to devices. */
    PROCESSOR(EnumSet.noneOf(StillNeeded.class)),
    /** It serves disks: reads and writes open files. */
    DISK(EnumSet.of(StillNeeded.WRITING, StillNeeded.RINGS)),
    /** It serves network cards, sockets, consoles, memory and entropy. */
    DEVICES(EnumSet.of(StillNeeded.CONNECTIONS, StillNeeded.REMOVING));

    private final Set<StillNeeded> groups =
        EnumSet.of(
            StillNeeded.MEMORY,
            StillNeeded.THREADS,
            StillNeeded.SIGNALS,
            StillNeeded.TIME,
            // Classes are loaded when they are needed.
            StillNeeded.READING,
            StillNeeded.LOOKING,
            StillNeeded.EVENTS,
            StillNeeded.ABOUT);

    Kind(Set<StillNeeded> more) {
      groups.addAll(more);
    }

    boolean needs(StillNeeded group) {
      return groups.contains(group);
    }
  }

  private static volatile boolean wanted;

  private final Kind kind;
  private boolean holds;

  /** Makes a filter, which does not hold yet. */
  public ThreadFilter(Kind kind) {
    this.kind = kind;
  }

  /**
   * Has threads filter their calls from now on. After the process's own filter was put on all
   * threads: the kernel does that only as long as none of them has another.
   */
  public static void want() {
    wanted = true;
  }

  /**
   * Filters the calling thread's calls, the first time that this is called after {@link #want};
   * else does nothing, and allocates nothing.
   *
   * @throws KvmException if the kernel refuses
   */
  public void takeHold() throws KvmException {
    if (!holds && wanted) {
      holds = true;
      SeccompFilter.thread(kind).onThisThread();
    }
  }
}
