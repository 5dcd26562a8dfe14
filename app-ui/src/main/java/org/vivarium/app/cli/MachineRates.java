package org.vivarium.app.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.vivarium.vmm.client.MetricSample;
import org.vivarium.vmm.client.MetricSample.VcpuTime;
import org.vivarium.vmm.engine.DeviceFigures;
import org.vivarium.vmm.engine.DeviceFigures.Kind;

/**
 * What a machine did between two samples.
 *
 * @param name the machine's
 * @param last the later sample, for what is an amount and no rate
 * @param guestCpu processor time of the guest's code, in processors
 * @param vmmCpu processor time of the VM process beside that, in processors
 * @param devices what each device did in a second
 * @param exits VM exits of each reason in a second
 */
record MachineRates(
    String name,
    MetricSample last,
    double guestCpu,
    double vmmCpu,
    List<DeviceRate> devices,
    Map<String, Double> exits) {
  /**
   * What a device did in a second.
   *
   * @param latencyMillis mean time of a disk's request; empty if there was none
   */
  record DeviceRate(
      String id,
      Kind kind,
      double bytesIn,
      double bytesOut,
      double operationsIn,
      double operationsOut,
      Optional<Double> latencyMillis) {}

  private static final double NANOS_PER_MILLI = 1e6;
  private static final double MILLIS_PER_SECOND = 1e3;

  /**
   * Rates over the time between two samples. What a restart has set back to nothing counts from
   * there.
   *
   * @param before an earlier sample
   */
  static MachineRates of(String name, MetricSample before, MetricSample after) {
    double seconds = Math.max(1, after.millis() - before.millis()) / MILLIS_PER_SECOND;
    double nanos = seconds * MILLIS_PER_SECOND * NANOS_PER_MILLI;
    long guest = since(guestNanos(before), guestNanos(after));
    long vmm = since(vmmNanos(before), vmmNanos(after));
    List<DeviceRate> devices = new ArrayList<>();
    for (DeviceFigures now : after.devices()) {
      DeviceFigures then =
          before.devices().stream()
              .filter(d -> d.id().equals(now.id()) && d.kind() == now.kind())
              .findFirst()
              .orElse(new DeviceFigures(now.id(), now.kind(), 0, 0, 0, 0, 0, 0));
      devices.add(rate(then, now, seconds));
    }
    Map<String, Double> exits = new TreeMap<>();
    after
        .exits()
        .forEach(
            (reason, count) ->
                exits.put(reason, since(before.exits().getOrDefault(reason, 0L), count) / seconds));
    return new MachineRates(name, after, guest / nanos, vmm / nanos, devices, exits);
  }

  private static DeviceRate rate(DeviceFigures then, DeviceFigures now, double seconds) {
    long in = since(then.operationsIn(), now.operationsIn());
    long out = since(then.operationsOut(), now.operationsOut());
    double busy = since(then.busyNanos(), now.busyNanos()) / NANOS_PER_MILLI;
    return new DeviceRate(
        now.id(),
        now.kind(),
        since(then.bytesIn(), now.bytesIn()) / seconds,
        since(then.bytesOut(), now.bytesOut()) / seconds,
        in / seconds,
        out / seconds,
        now.kind() == Kind.DISK && in + out > 0
            ? Optional.of(busy / (in + out))
            : Optional.empty());
  }

  private static long since(long before, long after) {
    return after < before ? after : after - before;
  }

  private static long guestNanos(MetricSample sample) {
    return sample.vcpus().stream().mapToLong(VcpuTime::guestNanos).sum();
  }

  private static long vmmNanos(MetricSample sample) {
    return sample.vmmCpuNanos() + sample.vcpus().stream().mapToLong(VcpuTime::vmmNanos).sum();
  }

  /** RAM that the guest uses, file contents that it could give up aside; -1 if it does not tell. */
  long guestMemoryUsed() {
    boolean told = last.guestMemoryTotal() >= 0 && last.guestMemoryFree() >= 0;
    return told
        ? last.guestMemoryTotal() - last.guestMemoryFree() - Math.max(0, last.guestMemoryCaches())
        : -1;
  }

  double bytesIn(Kind kind) {
    return of(kind).mapToDouble(DeviceRate::bytesIn).sum();
  }

  double bytesOut(Kind kind) {
    return of(kind).mapToDouble(DeviceRate::bytesOut).sum();
  }

  private Stream<DeviceRate> of(Kind kind) {
    return devices.stream().filter(device -> device.kind() == kind);
  }

  double allExits() {
    return exits.values().stream().mapToDouble(Double::doubleValue).sum();
  }
}
