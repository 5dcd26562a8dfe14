package org.vivarium.vmm.cpu;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Map;
import java.util.TreeMap;
import org.vivarium.kvm.KvmRun;

/**
 * How often one processor left the guest for this process, by reason.
 *
 * <p>Its processor's thread alone counts; any thread may read and sees values that may be a moment
 * old. Counting allocates nothing.
 */
public final class ExitCounters {
  /** Exit reasons that the KVM API defines lie below this; others are counted together. */
  private static final int REASONS = 64;

  private static final VarHandle COUNT = MethodHandles.arrayElementVarHandle(long[].class);

  private final long[] counts = new long[REASONS];

  /** Counts one exit. */
  void count(int reason) {
    int at = reason >= 0 && reason < REASONS ? reason : 0;
    COUNT.setOpaque(counts, at, counts[at] + 1);
  }

  /** Counts so far by reason, those that are not 0, by the KVM API's names. */
  public Map<String, Long> read() {
    Map<String, Long> result = new TreeMap<>();
    for (int reason = 0; reason < REASONS; reason++) {
      long count = (long) COUNT.getOpaque(counts, reason);
      if (count > 0) {
        result.put(name(reason), count);
      }
    }
    return result;
  }

  private static String name(int reason) {
    if (reason == KvmRun.EXIT_IO) {
      return "io";
    } else if (reason == KvmRun.EXIT_MMIO) {
      return "mmio";
    } else if (reason == KvmRun.EXIT_HLT) {
      return "hlt";
    } else if (reason == KvmRun.EXIT_INTR) {
      return "intr";
    } else if (reason == KvmRun.EXIT_SHUTDOWN) {
      return "shutdown";
    } else if (reason == KvmRun.EXIT_SYSTEM_EVENT) {
      return "system_event";
    }
    return "reason_" + reason;
  }
}
