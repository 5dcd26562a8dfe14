package org.vivarium.kvm;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.vivarium.kvm.ffi.Linux;

/**
 * A filter of system calls as a classic BPF program (Linux, {@code linux/filter.h} and {@code
 * linux/seccomp.h}).
 *
 * <p>The numbers are searched as a tree: any call costs some ten instructions, and those that are
 * always allowed cost nothing, for the kernel finds out once which they are.
 *
 * @param instructions at most 4096, the kernel's limit
 */
record FilterProgram(List<Instruction> instructions) {
  /** Where the program's input, {@code struct seccomp_data}, has the call's number. */
  static final int NUMBER = 0;

  /** Where it has the processor's architecture. */
  static final int ARCHITECTURE = 4;

  /** Where it has the low half of the call's first argument. */
  static final int FIRST_ARGUMENT = 16;

  /** Numbers from here on are those of the x32 ABI, another name for the same calls. */
  private static final int X32 = 0x4000_0000;

  /** The longest forward jump of a condition. */
  private static final int MAX_JUMP = 255;

  /**
   * One instruction ({@code struct sock_filter}).
   *
   * @param code operation
   * @param jt instructions to skip if the condition holds
   * @param jf instructions to skip if it does not
   * @param k operand, unsigned
   */
  record Instruction(int code, int jt, int jf, int k) {}

  /** What becomes of a call. */
  sealed interface Verdict {
    /** It is done. */
    record Allow() implements Verdict {}

    /** It fails with this errno. */
    record Refuse(int errno) implements Verdict {}

    /** It fails with this errno if an argument, counted from 0, has any of these low bits. */
    record RefuseBits(int argument, int mask, int errno) implements Verdict {}

    /** It fails with this errno unless its first argument is one of these. */
    record Only(List<Integer> values, int errno) implements Verdict {}
  }

  /** From this number on, up to where the next begins. */
  private record Range(int start, Verdict verdict) {}

  /** Copies the list. */
  FilterProgram {
    instructions = List.copyOf(instructions);
  }

  /**
   * Makes a program.
   *
   * @param rules verdicts by the number of the call
   * @param others what becomes of every other call
   */
  static FilterProgram of(SortedMap<Integer, Verdict> rules, Verdict others) {
    List<Instruction> code = new ArrayList<>();
    code.add(load(ARCHITECTURE));
    // 32-bit calls have other numbers. A JVM makes none, so whoever does is an intruder.
    code.add(jump(Linux.BPF_JEQ(), Linux.AUDIT_ARCH_X86_64(), 1, 0));
    code.add(result(Linux.SECCOMP_RET_KILL_PROCESS()));
    code.add(load(NUMBER));
    code.addAll(search(ranges(rules, others)));
    return new FilterProgram(code);
  }

  private static List<Range> ranges(SortedMap<Integer, Verdict> rules, Verdict others) {
    List<Range> ranges = new ArrayList<>();
    int next = 0;
    for (Map.Entry<Integer, Verdict> rule : rules.entrySet()) {
      if (rule.getKey() > next) {
        append(ranges, next, others);
      }
      append(ranges, rule.getKey(), rule.getValue());
      next = rule.getKey() + 1;
    }
    append(ranges, next, others);
    append(ranges, X32, new Verdict.Refuse(Errno.ENOSYS));
    return ranges;
  }

  private static void append(List<Range> ranges, int start, Verdict verdict) {
    if (ranges.isEmpty() || !ranges.getLast().verdict().equals(verdict)) {
      ranges.add(new Range(start, verdict));
    }
  }

  private static List<Instruction> search(List<Range> ranges) {
    if (ranges.size() == 1) {
      return answer(ranges.getFirst().verdict());
    }
    int middle = ranges.size() / 2;
    List<Instruction> below = search(ranges.subList(0, middle));
    List<Instruction> code = new ArrayList<>();
    code.add(jump(Linux.BPF_JGE(), ranges.get(middle).start(), below.size(), 0));
    code.addAll(below);
    code.addAll(search(ranges.subList(middle, ranges.size())));
    return code;
  }

  private static List<Instruction> answer(Verdict verdict) {
    Instruction allow = result(Linux.SECCOMP_RET_ALLOW());
    return switch (verdict) {
      case Verdict.Allow _ -> List.of(allow);
      case Verdict.Refuse(int errno) -> List.of(refusal(errno));
      case Verdict.RefuseBits(int argument, int mask, int errno) ->
          List.of(
              load(FIRST_ARGUMENT + argument * Long.BYTES),
              jump(Linux.BPF_JSET(), mask, 0, 1),
              refusal(errno),
              allow);
      case Verdict.Only(List<Integer> values, int errno) -> {
        List<Instruction> code = new ArrayList<>();
        code.add(load(FIRST_ARGUMENT));
        for (int i = 0; i < values.size(); i++) {
          code.add(jump(Linux.BPF_JEQ(), values.get(i), values.size() - i, 0));
        }
        code.add(refusal(errno));
        code.add(allow);
        yield code;
      }
    };
  }

  private static Instruction load(int offset) {
    return new Instruction(Linux.BPF_LD() | Linux.BPF_W() | Linux.BPF_ABS(), 0, 0, offset);
  }

  private static Instruction jump(int condition, int operand, int jt, int jf) {
    if (jt > MAX_JUMP) {
      throw new IllegalArgumentException("A filter with so many rules needs longer jumps: " + jt);
    }
    return new Instruction(Linux.BPF_JMP() | condition | Linux.BPF_K(), jt, jf, operand);
  }

  private static Instruction refusal(int errno) {
    return result(Linux.SECCOMP_RET_ERRNO() | errno);
  }

  private static Instruction result(int action) {
    return new Instruction(Linux.BPF_RET() | Linux.BPF_K(), 0, 0, action);
  }
}
