package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.vivarium.kvm.FilterProgram.Instruction;
import org.vivarium.kvm.FilterProgram.Verdict;
import org.vivarium.kvm.ffi.Linux;

/**
 * A filter of system calls (seccomp(2)), which nothing can take away again: children and programs
 * that are executed have it too.
 *
 * <p>A call that is refused fails with EPERM. The thread must have given up new privileges ({@link
 * Landlock#forbidNewPrivileges}), or be root's.
 */
public final class SeccompFilter {
  // linux/prctl.h, linux/seccomp.h.
  private static final int PR_SET_SECCOMP = 22;
  private static final int SECCOMP_MODE_FILTER = 2;

  /** O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND (asm-generic/fcntl.h). */
  private static final int WRITE_FLAGS = 01 | 02 | 0100 | 01000 | 02000;

  private static final Verdict ALLOW = new Verdict.Allow();
  private static final Verdict REFUSE = new Verdict.Refuse(Errno.EPERM);

  private final FilterProgram program;

  private SeccompFilter(FilterProgram program) {
    this.program = program;
  }

  /**
   * What no process of a machine does, from its first instruction on: changing what is mounted or
   * the kernel, looking into other processes, namespaces of its own, keys, device nodes, network
   * protocols other than those of the internet.
   */
  public static SeccompFilter vmProcess() {
    SortedMap<Integer, Verdict> rules = new TreeMap<>();
    for (int number : NeverNeeded.numbers()) {
      rules.put(number, REFUSE);
    }
    rules.put(
        Linux.SYS_clone(),
        new Verdict.RefuseBits(
            0,
            Linux.CLONE_NEWNS()
                | Linux.CLONE_NEWCGROUP()
                | Linux.CLONE_NEWUTS()
                | Linux.CLONE_NEWIPC()
                | Linux.CLONE_NEWUSER()
                | Linux.CLONE_NEWPID()
                | Linux.CLONE_NEWNET(),
            Errno.EPERM));
    // A filter cannot see clone3's flags; without it, libc takes clone.
    rules.put(Linux.SYS_clone3(), new Verdict.Refuse(Errno.ENOSYS));
    rules.put(
        Linux.SYS_socket(),
        new Verdict.Only(
            List.of(Linux.AF_UNIX(), Linux.AF_INET(), Linux.AF_INET6(), Linux.AF_NETLINK()),
            Errno.EPERM));
    return new SeccompFilter(FilterProgram.of(rules, ALLOW));
  }

  /**
   * All that a process does which runs a guest by itself. It no longer executes programs, has no
   * sockets other than Unix ones, signals itself alone, and makes no io_uring, whose requests no
   * filter sees; the rings of its disks are there by then, each restricted to its disk's files.
   * Beside {@link #vmProcess}, whose refusals stay.
   *
   * <p>A call that neither knows fails with ENOSYS, as on an older kernel, so that a libc that
   * tries a new one takes the old one.
   */
  public static SeccompFilter runningGuest() {
    SortedMap<Integer, Verdict> rules = new TreeMap<>();
    for (int number : StillNeeded.all()) {
      rules.put(number, ALLOW);
    }
    for (int number : NeverNeeded.numbers()) {
      rules.put(number, REFUSE);
    }
    rules.put(Linux.SYS_execve(), REFUSE);
    rules.put(Linux.SYS_execveat(), REFUSE);
    rules.put(Linux.SYS_io_uring_setup(), REFUSE);
    rules.put(Linux.SYS_io_uring_register(), REFUSE);
    rules.put(Linux.SYS_socket(), new Verdict.Only(List.of(Linux.AF_UNIX()), Errno.EPERM));
    Verdict itself =
        new Verdict.Only(List.of(Math.toIntExact(ProcessHandle.current().pid())), Errno.EPERM);
    rules.put(Linux.SYS_kill(), itself);
    rules.put(Linux.SYS_tgkill(), itself);
    return new SeccompFilter(FilterProgram.of(rules, new Verdict.Refuse(Errno.ENOSYS)));
  }

  /**
   * What a kind of thread does not do, of that which {@link #runningGuest} leaves to the process;
   * beside that, and only for such threads. Files are opened for reading alone.
   */
  static SeccompFilter thread(ThreadFilter.Kind kind) {
    SortedMap<Integer, Verdict> rules = new TreeMap<>();
    for (StillNeeded group : StillNeeded.values()) {
      if (!kind.needs(group)) {
        group.numbers().forEach(number -> rules.put(number, REFUSE));
      }
    }
    rules.put(Linux.SYS_open(), new Verdict.RefuseBits(1, WRITE_FLAGS, Errno.EPERM));
    rules.put(Linux.SYS_openat(), new Verdict.RefuseBits(2, WRITE_FLAGS, Errno.EPERM));
    return new SeccompFilter(FilterProgram.of(rules, ALLOW));
  }

  /**
   * Makes every filter of a machine's process and puts none on, so that a training run for a
   * start-up cache has loaded what that takes.
   */
  public static void rehearse() {
    vmProcess();
    runningGuest();
    for (ThreadFilter.Kind kind : ThreadFilter.Kind.values()) {
      thread(kind);
    }
  }

  /** The program, for tests. */
  FilterProgram program() {
    return program;
  }

  /**
   * Filters the calls of the calling thread and of all that it starts from now on.
   *
   * @throws KvmException EINVAL if the kernel has no filters, EACCES without {@link
   *     Landlock#forbidNewPrivileges}
   */
  public void onThisThread() throws KvmException {
    // Another name for seccomp(2) without flags, and one that runningGuest leaves to threads.
    install(Linux.SYS_prctl(), PR_SET_SECCOMP, SECCOMP_MODE_FILTER);
  }

  /**
   * Filters the calls of all threads of this process, and gives up new privileges for all of them
   * if the calling one has.
   *
   * @throws KvmException as {@link #onThisThread}
   */
  public void onAllThreads() throws KvmException {
    long unlike =
        install(
            Linux.SYS_seccomp(),
            Linux.SECCOMP_SET_MODE_FILTER(),
            Linux.SECCOMP_FILTER_FLAG_TSYNC());
    if (unlike != 0) {
      throw new KvmException("filter the system calls of thread " + unlike, Errno.EBUSY);
    }
  }

  private long install(int call, long first, long second) throws KvmException {
    List<Instruction> code = program.instructions();
    try (Arena scratch = Arena.ofConfined()) {
      int stride = LinuxLayouts.SockFilter.SIZE;
      KernelStruct filter = new KernelStruct(scratch, code.size() * stride);
      int at = 0;
      for (Instruction instruction : code) {
        filter.putShort(at + LinuxLayouts.SockFilter.CODE, instruction.code());
        filter.putByte(at + LinuxLayouts.SockFilter.JT, instruction.jt());
        filter.putByte(at + LinuxLayouts.SockFilter.JF, instruction.jf());
        filter.putInt(at + LinuxLayouts.SockFilter.K, instruction.k());
        at += stride;
      }
      KernelStruct fprog = new KernelStruct(scratch, LinuxLayouts.SockFprog.SIZE);
      fprog.putShort(LinuxLayouts.SockFprog.LEN, code.size());
      fprog.putLong(LinuxLayouts.SockFprog.FILTER, filter.address());
      // SAFETY: fprog names all of filter, and the kernel copies both before the call returns.
      return KvmException.check(
          NativeCalls.call(call, first, second, fprog.address()), "filter system calls");
    }
  }
}
