package org.vivarium.vmm.process;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.vmm.client.MetricSample;
import org.vivarium.vmm.client.MetricSample.VcpuTime;

/** What is read of a process in /proc, and how much of it is kept. */
class MetricsTest {
  @TempDir private Path process;

  /** Field 14 is utime, 15 stime, 43 guest_time (proc(5)); all others hold nines. */
  private static String stat(String name, int utime, int stime, int guest) {
    StringBuilder line = new StringBuilder("4711 (" + name + ") S");
    for (int field = 4; field <= 52; field++) {
      line.append(' ')
          .append(
              switch (field) {
                case 14 -> utime;
                case 15 -> stime;
                case 43 -> guest;
                default -> 9999;
              });
    }
    return line.append('\n').toString();
  }

  private void task(int tid, String name, int utime, int stime, int guest) throws IOException {
    Path task = Files.createDirectories(process.resolve("task/" + tid));
    Files.writeString(task.resolve("comm"), name + "\n");
    Files.writeString(task.resolve("stat"), stat(name, utime, stime, guest));
  }

  private ProcessTimes.Times read(int cpus) throws IOException {
    try (ProcessTimes times = new ProcessTimes(process, cpus)) {
      return times.read();
    }
  }

  @Test
  void guestTimeIsSplitFromTheThreadsOwn() throws Exception {
    Files.writeString(process.resolve("stat"), stat("java", 300, 100, 0));
    task(1, "vm-lon..-vcpu10", 30, 5, 20);
    task(2, "vm-a-vcpu0", 100, 10, 90);
    task(3, "control", 77, 7, 0);

    ProcessTimes.Times times = read(2);

    assertEquals(
        List.of(new VcpuTime(900_000_000L, 200_000_000L), new VcpuTime(200_000_000L, 150_000_000L)),
        times.vcpus());
    assertEquals(4_000_000_000L, times.totalNanos());
  }

  @Test
  void timeOfProcessorsGoesOnWhenTheMachineRestarts() throws Exception {
    Files.writeString(process.resolve("stat"), stat("java", 300, 100, 0));
    task(2, "vm-a-vcpu0", 100, 10, 90);
    try (ProcessTimes times = new ProcessTimes(process, 1)) {
      times.read();
      Files.writeString(process.resolve("task/2/stat"), "");
      Files.delete(process.resolve("task/2/comm"));
      task(3, "vm-a-vcpu0", 20, 5, 20);

      times.read();
      List<VcpuTime> vcpus = times.read().vcpus();

      assertEquals(List.of(new VcpuTime(1_100_000_000L, 250_000_000L)), vcpus);
    }
  }

  @Test
  void emulatingThreadCountsAsTheGuest() throws Exception {
    Files.writeString(process.resolve("stat"), stat("qemu) 1 (x", 100, 0, 0));
    task(1, "qemu-system-x86", 3, 2, 0);
    task(2, "CPU 0/TCG", 40, 10, 0);

    ProcessTimes.Times times = read(1);

    assertEquals(List.of(new VcpuTime(500_000_000L, 0)), times.vcpus());
    assertEquals(1_000_000_000L, times.totalNanos());
  }

  @Test
  void guestRamIsToldFromTheRestByItsSize() {
    String smaps =
        """
        7f0000000000-7f0004000000 rw-p 00000000 00:00 0
        Size:              65536 kB
        Rss:               40960 kB
        Pss:               30720 kB
        Pss_Dirty:         30000 kB
        VmFlags: rd wr mr mw me ac hg
        7f0004000000-7f0008000000 r--p 00000000 00:00 0
        Pss:                   5 kB
        55d0c0de0000-55d0c0de1000 rw-p 00000000 fe:01 42 /usr/lib/libjvm.so
        Pss:                   7 kB
        """;

    assertEquals(
        new ProcessMemory(30_720L << 10, 12L << 10), ProcessMemory.parse(smaps, Set.of(64L << 20)));
  }

  @Test
  void ringKeepsFifteenMinutesAndPagesThem() {
    MetricRing ring = new MetricRing();
    for (int second = 0; second < MetricRing.CAPACITY + 10; second++) {
      ring.add(new MetricSample(second, List.of(), 0, -1, -1, -1, 0, 0, List.of(), Map.of()));
    }

    assertEquals(10, ring.after(-1, 5).getFirst().millis());
    assertEquals(5, ring.after(-1, 5).size());
    assertEquals(MetricRing.CAPACITY, ring.after(-1, 10_000).size());
    assertEquals(List.of(), ring.after(MetricRing.CAPACITY + 9, 5));
    assertEquals(MetricRing.CAPACITY + 9, ring.last().orElseThrow().millis());
  }
}
