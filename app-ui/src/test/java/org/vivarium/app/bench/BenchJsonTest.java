package org.vivarium.app.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchJsonTest {
  @TempDir Path folder;

  private static BenchResult result() {
    Workload workload = new Workload(Path.of("/k"), Path.of("/i"), "quiet", 256);
    Bench.Plan plan = new Bench.Plan(workload, 2, Set.of(Bench.Part.TIMES), 1, 1, Optional.empty());
    BenchResult result =
        new BenchResult(plan, new HostDescription("kind", "cpu", 2, "6.1", "25", "7.2", "always"));
    result.times(Map.of(Quantity.VIVARIUM_PROCESS, 3.0, Quantity.QEMU_PROCESS, 2.0));
    result.times(Map.of(Quantity.VIVARIUM_PROCESS, 5.0, Quantity.QEMU_PROCESS, 4.0));
    result.exits(Map.of("exits", 10L), Map.of("exits", 20L));
    ProcessMemory.Figures figures = new ProcessMemory.Figures(1, 2, 3, 4);
    ProcessMemory memory = new ProcessMemory(figures, figures);
    result.memory(memory, memory);
    Samples cost = new Samples(List.of(7.0));
    result.exitCost(new ExitCost.Result(cost, Optional.of(cost), 0.5));
    return result;
  }

  @Test
  void everyValueIsWritten() throws Exception {
    Path file = folder.resolve("bench.json");

    BenchJson.write(result(), file);

    JsonNode root = new ObjectMapper().readTree(file.toFile());
    assertEquals("6.1", root.at("/host/kernel").asText());
    assertEquals(5.0, root.at("/milliseconds/vivarium_process/1").asDouble());
    assertEquals(2.0, root.at("/milliseconds/qemu_process/0").asDouble());
    assertEquals(20, root.at("/countersAtInit/0/qemu/exits").asInt());
    assertEquals(3, root.at("/memoryKib/vivarium/guest/privateDirty").asInt());
    assertEquals(7.0, root.at("/exitNanoseconds/c/0").asDouble());
    assertEquals(0.5, root.at("/exitNanoseconds/allocatedBytes").asDouble());
  }

  @Test
  void missingFolderIsOneSentence() {
    Path file = folder.resolve("absent").resolve("bench.json");

    assertThrows(BenchException.class, () -> BenchJson.write(result(), file));
  }
}
