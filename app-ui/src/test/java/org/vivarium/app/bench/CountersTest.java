package org.vivarium.app.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CountersTest {
  @Test
  void oursAreTheKernelsOfAStageLine() {
    String line = "stage USER_SPACE 123456 exit.io=7 kvm.exits=42 kvm.io_exits=9";

    assertEquals(Map.of("exits", 42L, "io_exits", 9L), Vivarium.kernelCounters(line));
  }

  @Test
  void qemusAreSummedOverProcessorsWithoutHistograms() throws Exception {
    String answer =
        """
        [{"provider": "kvm", "qom-path": "/a", "stats": [
            {"name": "exits", "value": 40}, {"name": "blocking", "value": true},
            {"name": "halt_wait_hist", "value": [1, 2]}]},
         {"provider": "kvm", "qom-path": "/b", "stats": [{"name": "exits", "value": 2}]}]
        """;

    Map<String, Long> counters = QemuMicrovm.counters(new ObjectMapper().readTree(answer));

    assertEquals(Map.of("exits", 42L, "blocking", 1L), counters);
  }
}
