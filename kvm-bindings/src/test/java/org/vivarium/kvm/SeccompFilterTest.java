package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.vivarium.kvm.FilterProgram.Instruction;
import org.vivarium.kvm.FilterProgram.Verdict;
import org.vivarium.kvm.ffi.Linux;
import org.vivarium.kvm.ffi.seccomp_data;

/** Filters of system calls: the programs, run by an interpreter here, and by this kernel. */
class SeccompFilterTest {
  private static final int ALLOWED = Linux.SECCOMP_RET_ALLOW();
  private static final int REFUSED = Linux.SECCOMP_RET_ERRNO() | Errno.EPERM;
  private static final int HIGHEST = 1000;

  /** What a program answers to a call: an interpreter of the instructions that programs use. */
  private static int run(FilterProgram program, int architecture, int number, int argument) {
    int accumulator = 0;
    int at = 0;
    while (true) {
      Instruction now = program.instructions().get(at++);
      switch (now.code() & 7) {
        case 0 -> // BPF_LD
            accumulator =
                switch (now.k()) {
                  case FilterProgram.NUMBER -> number;
                  case FilterProgram.ARCHITECTURE -> architecture;
                  case FilterProgram.FIRST_ARGUMENT -> argument;
                  default -> throw new AssertionError("loads from " + now.k());
                };
        case 5 -> // BPF_JMP
            at += holds(now, accumulator) ? now.jt() : now.jf();
        case 6 -> {
          return now.k();
        }
        default -> throw new AssertionError(now);
      }
    }
  }

  private static boolean holds(Instruction jump, int accumulator) {
    return switch (jump.code() & 0xF0) {
      case 0x10 -> accumulator == jump.k();
      case 0x30 -> Integer.compareUnsigned(accumulator, jump.k()) >= 0;
      case 0x40 -> (accumulator & jump.k()) != 0;
      default -> throw new AssertionError(jump);
    };
  }

  private static int run(SeccompFilter filter, int number, int argument) {
    return run(filter.program(), Linux.AUDIT_ARCH_X86_64(), number, argument);
  }

  @Test
  void everyCallGetsTheVerdictOfItsRule() {
    TreeMap<Integer, Verdict> rules = new TreeMap<>();
    for (int number : List.of(0, 1, 7, 9, 10, 11, 300, HIGHEST)) {
      rules.put(number, new Verdict.Refuse(number + 1));
    }
    FilterProgram program = FilterProgram.of(rules, new Verdict.Allow());

    for (int number = 0; number <= HIGHEST + 5; number++) {
      int expected = rules.containsKey(number) ? Linux.SECCOMP_RET_ERRNO() | (number + 1) : ALLOWED;
      assertEquals(expected, run(program, Linux.AUDIT_ARCH_X86_64(), number, 0), "call " + number);
    }
  }

  @Test
  void callsOfOtherAbisAreNotLetThrough() {
    FilterProgram program = SeccompFilter.vmProcess().program();

    int i386 = 0x4000_0003;
    assertEquals(Linux.SECCOMP_RET_KILL_PROCESS(), run(program, i386, 1, 0));
    int x32 = 0x4000_0000 | Linux.SYS_read();
    assertEquals(
        Linux.SECCOMP_RET_ERRNO() | Errno.ENOSYS, run(program, Linux.AUDIT_ARCH_X86_64(), x32, 0));
    assertEquals(
        Linux.SECCOMP_RET_ERRNO() | Errno.ENOSYS, run(program, Linux.AUDIT_ARCH_X86_64(), -1, 0));
  }

  @Test
  void vmProcessIsRefusedWhatItNeverNeedsAndNothingElse() {
    SeccompFilter filter = SeccompFilter.vmProcess();
    List<Integer> refused =
        IntStream.range(0, HIGHEST).filter(n -> run(filter, n, 0) == REFUSED).boxed().toList();

    // A socket of family 0 is refused as well.
    assertEquals(
        java.util.stream.Stream.concat(
                NeverNeeded.numbers().stream(), java.util.stream.Stream.of(Linux.SYS_socket()))
            .sorted()
            .toList(),
        refused);
    assertTrue(refused.containsAll(List.of(Linux.SYS_ptrace(), Linux.SYS_mount())));
  }

  @Test
  void namespacesAndFamiliesAreToldByTheFirstArgument() {
    SeccompFilter filter = SeccompFilter.vmProcess();

    assertEquals(ALLOWED, run(filter, Linux.SYS_clone(), 0x3d0f00)); // as for a thread
    assertEquals(REFUSED, run(filter, Linux.SYS_clone(), Linux.CLONE_NEWUSER() | 0x11));
    assertEquals(REFUSED, run(filter, Linux.SYS_clone(), Linux.CLONE_NEWNET()));
    assertEquals(ALLOWED, run(filter, Linux.SYS_socket(), Linux.AF_UNIX()));
    assertEquals(ALLOWED, run(filter, Linux.SYS_socket(), Linux.AF_INET6()));
    int packet = 17;
    assertEquals(REFUSED, run(filter, Linux.SYS_socket(), packet));
    SeccompFilter later = SeccompFilter.runningGuest();
    assertEquals(ALLOWED, run(later, Linux.SYS_socket(), Linux.AF_UNIX()));
    assertEquals(REFUSED, run(later, Linux.SYS_socket(), Linux.AF_INET()));
    assertEquals(REFUSED, run(later, Linux.SYS_execve(), 0));
    assertEquals(REFUSED, run(later, Linux.SYS_io_uring_setup(), 0));
    int self = Math.toIntExact(ProcessHandle.current().pid());
    for (int signal : List.of(Linux.SYS_kill(), Linux.SYS_tgkill())) {
      assertEquals(ALLOWED, run(later, signal, self));
      assertEquals(REFUSED, run(later, signal, -self));
      assertEquals(REFUSED, run(later, signal, self + 1));
    }
  }

  @Test
  void runningGuestMakesTheCallsThatItNeedsAndNoOthers() {
    SeccompFilter filter = SeccompFilter.runningGuest();
    List<Integer> byArgument = List.of(Linux.SYS_socket(), Linux.SYS_kill(), Linux.SYS_tgkill());
    int unknown = Linux.SECCOMP_RET_ERRNO() | Errno.ENOSYS;

    for (int number = 0; number < HIGHEST; number++) {
      if (!byArgument.contains(number)) {
        int expected = StillNeeded.all().contains(number) ? ALLOWED : unknown;
        int answer = run(filter, number, 0);
        assertEquals(expected, answer == REFUSED ? unknown : answer, "call " + number);
      }
    }
    for (int number : NeverNeeded.numbers()) {
      assertEquals(REFUSED, run(filter, number, 0), "call " + number);
    }
  }

  @Test
  void tooManyRulesAreNotMadeIntoAWrongProgram() {
    TreeMap<Integer, Verdict> rules = new TreeMap<>();
    IntStream.range(0, HIGHEST).forEach(n -> rules.put(2 * n, new Verdict.Refuse(n + 1)));

    assertThrows(
        IllegalArgumentException.class, () -> FilterProgram.of(rules, new Verdict.Allow()));
  }

  @Test
  void layoutOfTheDataIsTheHeaders() {
    assertEquals(seccomp_data.nr$offset(), FilterProgram.NUMBER);
    assertEquals(seccomp_data.arch$offset(), FilterProgram.ARCHITECTURE);
    assertEquals(seccomp_data.args$offset(), FilterProgram.FIRST_ARGUMENT);
  }

  @Test
  void kernelRefusesWhatTheFilterRefuses() throws Exception {
    long[] results =
        LandlockTest.inAThread(
            () -> {
              Landlock.forbidNewPrivileges();
              SeccompFilter.vmProcess().onThisThread();
              SeccompFilter.runningGuest().onThisThread();
              return new long[] {
                NativeCalls.call(Linux.SYS_mount(), 0, 0, 0, 0, 0, 0),
                NativeCalls.call(Linux.SYS_ptrace(), 0, 0, 0, 0),
                NativeCalls.call(Linux.SYS_unshare(), Linux.CLONE_NEWUSER()),
                NativeCalls.call(Linux.SYS_socket(), Linux.AF_INET(), Linux.SOCK_STREAM(), 0),
                NativeCalls.call(Linux.SYS_execve(), 0, 0, 0),
                NativeCalls.call(Linux.SYS_clone3(), 0, 0),
                NativeCalls.call(Linux.SYS_getpid())
              };
            });

    assertEquals(
        List.of(
            -(long) Errno.EPERM,
            -(long) Errno.EPERM,
            -(long) Errno.EPERM,
            -(long) Errno.EPERM,
            -(long) Errno.EPERM,
            -(long) Errno.ENOSYS,
            ProcessHandle.current().pid()),
        java.util.Arrays.stream(results).boxed().toList());
  }

  @Test
  void onlyTheThreadThatAsksIsFiltered() throws Exception {
    LandlockTest.inAThread(
        () -> {
          Landlock.forbidNewPrivileges();
          SeccompFilter.runningGuest().onThisThread();
          assertThrows(IOException.class, () -> new ProcessBuilder("true").start());
          return new long[0];
        });

    assertEquals(0, new ProcessBuilder("true").start().waitFor());
  }
}
