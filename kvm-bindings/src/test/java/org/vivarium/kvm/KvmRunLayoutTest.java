package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Field;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.vivarium.kvm.ffi.kvm_run;

/** The generated class itself is compared with the system's headers by {@link FfiLayoutTest}. */
class KvmRunLayoutTest {
  private static final long IO = kvm_run.io$offset();
  private static final long MMIO = kvm_run.mmio$offset();

  @Test
  void offsetsAreThoseOfTheGeneratedStructure() throws Exception {
    Map<String, Long> generated =
        new TreeMap<>(
            Map.ofEntries(
                Map.entry("IMMEDIATE_EXIT", kvm_run.immediate_exit$offset()),
                Map.entry("EXIT_REASON", kvm_run.exit_reason$offset()),
                Map.entry("IO_DIRECTION", IO + kvm_run.io.direction$offset()),
                Map.entry("IO_SIZE", IO + kvm_run.io.size$offset()),
                Map.entry("IO_PORT", IO + kvm_run.io.port$offset()),
                Map.entry("IO_COUNT", IO + kvm_run.io.count$offset()),
                Map.entry("IO_DATA_OFFSET", IO + kvm_run.io.data_offset$offset()),
                Map.entry("MMIO_ADDRESS", MMIO + kvm_run.mmio.phys_addr$offset()),
                Map.entry("MMIO_DATA", MMIO + kvm_run.mmio.data$offset()),
                Map.entry("MMIO_LENGTH", MMIO + kvm_run.mmio.len$offset()),
                Map.entry("MMIO_IS_WRITE", MMIO + kvm_run.mmio.is_write$offset()),
                Map.entry(
                    "SYSTEM_EVENT_TYPE",
                    kvm_run.system_event$offset() + kvm_run.system_event.type$offset()),
                Map.entry(
                    "INTERNAL_SUBERROR",
                    kvm_run.internal$offset() + kvm_run.internal.suberror$offset()),
                Map.entry(
                    "FAIL_ENTRY_REASON",
                    kvm_run.fail_entry$offset()
                        + kvm_run.fail_entry.hardware_entry_failure_reason$offset())));
    Map<String, Long> handWritten = new TreeMap<>();
    for (Field field : KvmRunLayout.class.getDeclaredFields()) {
      handWritten.put(field.getName(), field.getLong(null));
    }

    assertEquals(generated, handWritten);
  }
}
