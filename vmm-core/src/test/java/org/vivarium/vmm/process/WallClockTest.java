package org.vivarium.vmm.process;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The host's wall clock, which a person or the network may set at any time, is asked for dates that
 * people or guests read and for nothing else: whatever waits or measures asks for {@code nanoTime}.
 */
class WallClockTest {
  private static final Pattern WALL_CLOCK =
      Pattern.compile(
          "currentTimeMillis|Instant\\.now|InstantSource\\.system|Clock\\.system|DateTime\\.now"
              + "|LocalDate\\.now|new Date\\(|CLOCK_REALTIME|awaitUntil|parkUntil");

  /** Dates in logs and status, the guest's real-time clock, and samples by {@link SampleClock}. */
  private static final Set<String> DATES =
      Set.of(
          "EventLog",
          "HardwareBuilder",
          "JavaLauncher",
          "LocalMachines",
          "MachineNews",
          "SampleClock",
          "VmProcess");

  @Test
  void nothingWaitsOrMeasuresByTheWallClock() throws IOException {
    Set<String> askers = new TreeSet<>();
    for (String module : List.of("kvm-bindings", "devices", "vmm-core")) {
      Path sources = Path.of("..", module, "src/main/java/org/vivarium");
      try (Stream<Path> files = Files.walk(sources)) {
        for (Path file : (Iterable<Path>) files::iterator) {
          String name = file.getFileName().toString();
          if (name.endsWith(".java")
              && !file.toString().contains("/ffi/")
              && WALL_CLOCK.matcher(Files.readString(file)).find()) {
            askers.add(name.substring(0, name.lastIndexOf('.')));
          }
        }
      }
    }

    assertEquals(new TreeSet<>(DATES), askers);
  }
}
