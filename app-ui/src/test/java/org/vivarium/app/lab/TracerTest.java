package org.vivarium.app.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TracerTest {
  @Test
  void theSummaryIsReadWithAndWithoutErrors() {
    List<String> summary =
        List.of(
            "% time     seconds  usecs/call     calls    errors syscall",
            "------ ----------- ----------- --------- --------- ----------------",
            " 61.22    0.009871        1974         5         3 wait4",
            " 10.31    0.001663          16       100           openat",
            "  0.00    0.000000           0         1         1 mount",
            "------ ----------- ----------- --------- --------- ----------------",
            "100.00    0.016125          34       463        54 total");

    assertEquals(Map.of("wait4", 5L, "openat", 100L, "mount", 1L), Tracer.read(summary));
  }
}
