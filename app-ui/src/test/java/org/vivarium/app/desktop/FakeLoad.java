package org.vivarium.app.desktop;

import java.util.List;
import java.util.Map;
import org.vivarium.vmm.client.MetricSample;
import org.vivarium.vmm.client.MetricSample.VcpuTime;
import org.vivarium.vmm.engine.DeviceFigures;

/** Samples of a guest that works in waves, without chance: the same in every run. */
final class FakeLoad {
  private static final long MIB = 1L << 20;
  private static final long SECOND = 1_000_000_000L;

  private FakeLoad() {}

  /** The samples of the last {@code seconds}, the last one now. */
  static void fill(FakeProcess process, int seconds, double work) {
    long now = System.currentTimeMillis();
    double guest = 0;
    double vmm = 0;
    double disk = 0;
    double net = 0;
    for (int i = 0; i < seconds; i++) {
      double wave = work * (0.55 + 0.35 * Math.sin(i / 9.0) + 0.1 * Math.sin(i * 1.7));
      guest += wave * SECOND;
      vmm += (0.02 + wave * 0.12) * SECOND;
      disk += 40 * MIB * Math.max(0, Math.sin(i / 14.0)) * work;
      net += 3 * MIB * Math.max(0, Math.cos(i / 11.0)) * work;
      process.sample(sample(now - (seconds - 1 - i) * 1000L, guest, vmm, disk, net, i));
    }
  }

  private static MetricSample sample(
      long millis, double guest, double vmm, double disk, double net, int i) {
    long used = (long) (60 + 80 * (1 - Math.exp(-i / 60.0))) * MIB;
    return new MetricSample(
        millis,
        List.of(new VcpuTime((long) guest, (long) (vmm * 0.6))),
        (long) (vmm * 0.4),
        231 * MIB,
        231 * MIB - used,
        used / 3,
        used + 12 * MIB,
        41 * MIB,
        List.of(
            new DeviceFigures(
                "disk0", DeviceFigures.Kind.DISK, (long) disk, (long) (disk / 3), 1, 1, 0, 0),
            new DeviceFigures(
                "net0", DeviceFigures.Kind.NETWORK, (long) net, (long) (net / 9), 1, 1, 0, 0)),
        Map.of(
            "hlt", (long) (i * 180.0),
            "io", (long) (i * 60 + guest / SECOND * 900),
            "mmio", (long) (guest / SECOND * 500),
            "irq window", i * 25L,
            "cpuid", i * 3L));
  }
}
