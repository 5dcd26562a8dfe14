package org.vivarium.app.desktop.machines;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.vmm.client.MetricSample;
import org.vivarium.vmm.client.MetricSample.VcpuTime;
import org.vivarium.vmm.engine.DeviceFigures;

class HistoryTest {
  private static final long SECOND = 1_000_000_000L;

  @TempDir Path folder;

  private final History history = new History();

  @Test
  void twoSamplesMakeOnePointOfRates() {
    history.add(List.of(sample(1000, 0, 0, 0), sample(3000, SECOND, SECOND / 2, 4096)));

    Point point = history.latest().orElseThrow();
    assertEquals(0.5, point.guestCpu(), 1e-9);
    assertEquals(0.25, point.vmmCpu(), 1e-9);
    assertEquals(2048, point.diskRead(), 1e-9);
    assertEquals(Map.of("hlt", 5.0), point.exits());
    assertFalse(point.afterGap());
  }

  @Test
  void missingSecondsAreAGap() {
    history.add(List.of(sample(1000, 0, 0, 0), sample(9000, 0, 0, 0)));

    assertTrue(history.latest().orElseThrow().afterGap());
  }

  @Test
  void counterThatWentBackTellsNothing() {
    history.add(List.of(sample(1000, SECOND, 0, 9000), sample(2000, 0, 0, 0)));

    Point point = history.latest().orElseThrow();
    assertEquals(0, point.guestCpu());
    assertEquals(0, point.diskRead());
  }

  @Test
  void samplesThatAreKnownAreLeftOut() {
    List<MetricSample> samples = List.of(sample(1000, 0, 0, 0), sample(2000, 0, 0, 0));
    history.add(samples);
    history.add(samples);

    assertEquals(1, history.points().size());
  }

  @Test
  void noMoreThanALittleOverFifteenMinutesAreKept() {
    List<MetricSample> samples = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      samples.add(sample(i * 1000L, 0, 0, 0));
    }
    samples.forEach(sample -> history.add(List.of(sample)));

    assertTrue(history.points().size() >= History.SECONDS);
    assertTrue(history.points().size() <= History.SECONDS + 120);
    assertEquals(4_999_000L, history.latest().orElseThrow().millis());
  }

  @Test
  void exportHasALineForEachSecondAndLeavesTheUnknownEmpty() throws IOException {
    history.add(List.of(sample(1000, 0, 0, 0), sample(2000, SECOND, 0, 0)));
    Path file = folder.resolve("out.csv");

    HistoryCsv.write(history.points(), file);

    List<String> lines = Files.readAllLines(file);
    assertEquals(2, lines.size());
    assertTrue(lines.getFirst().endsWith("net_out_per_s,exits_per_s_hlt"), lines.getFirst());
    assertTrue(
        lines.get(1).startsWith("1970-01-01T00:00:02Z,1.0000,0.0000,,,,100.0000,"), lines.get(1));
  }

  private static MetricSample sample(long millis, long guest, long vmm, long read) {
    return new MetricSample(
        millis,
        List.of(new VcpuTime(guest, vmm)),
        0,
        -1,
        -1,
        -1,
        100,
        50,
        List.of(new DeviceFigures("d", DeviceFigures.Kind.DISK, read, 0, 0, 0, 0, 0)),
        Map.of("hlt", millis / 200));
  }
}
