package org.vivarium.app.desktop.machines;

import java.util.HashMap;
import java.util.Map;
import org.vivarium.vmm.client.MetricSample;
import org.vivarium.vmm.client.MetricSample.VcpuTime;
import org.vivarium.vmm.engine.DeviceFigures;

/**
 * What a machine did in one second: the difference of two samples.
 *
 * @param millis when, milliseconds since 1970
 * @param afterGap whether the seconds before it are missing
 * @param guestCpu processors that ran the guest's code, 1.0 is one processor
 * @param vmmCpu processors that the VM process used beside that
 * @param guestTotal RAM that the guest manages, bytes; NaN if it does not tell
 * @param guestUsed RAM that the guest uses, caches included, bytes; NaN if it does not tell
 * @param guestCaches RAM of the guest that holds file contents, bytes; NaN if it does not tell
 * @param hostRam what the host pays for guest memory, bytes
 * @param hostVmm what the host pays for the VM process beside it, bytes
 * @param diskRead bytes a second
 * @param diskWrite bytes a second
 * @param netIn bytes a second to the guest
 * @param netOut bytes a second from the guest
 * @param exits VM exits a second by reason
 */
public record Point(
    long millis,
    boolean afterGap,
    double guestCpu,
    double vmmCpu,
    double guestTotal,
    double guestUsed,
    double guestCaches,
    double hostRam,
    double hostVmm,
    double diskRead,
    double diskWrite,
    double netIn,
    double netOut,
    Map<String, Double> exits) {
  private static final long GAP_MILLIS = 3500;

  /** What the host pays in all, bytes. */
  public double hostTotal() {
    return hostRam + hostVmm;
  }

  /** Processors in all. */
  public double cpu() {
    return guestCpu + vmmCpu;
  }

  /** VM exits a second in all. */
  public double exitsPerSecond() {
    double sum = 0;
    for (double rate : exits.values()) {
      sum += rate;
    }
    return sum;
  }

  /** The second between two samples of one machine, {@code now} being the later. */
  static Point between(MetricSample before, MetricSample now) {
    double seconds = Math.max(1, now.millis() - before.millis()) / 1000.0;
    return new Point(
        now.millis(),
        now.millis() - before.millis() > GAP_MILLIS,
        rate(guestNanos(before), guestNanos(now), seconds) / 1e9,
        rate(vmmNanos(before), vmmNanos(now), seconds) / 1e9,
        told(now.guestMemoryTotal()),
        now.guestMemoryFree() < 0
            ? Double.NaN
            : told(now.guestMemoryTotal()) - now.guestMemoryFree(),
        told(now.guestMemoryCaches()),
        Math.max(0, now.hostGuestRam()),
        Math.max(0, now.hostVmm()),
        rate(in(before, DeviceFigures.Kind.DISK), in(now, DeviceFigures.Kind.DISK), seconds),
        rate(out(before, DeviceFigures.Kind.DISK), out(now, DeviceFigures.Kind.DISK), seconds),
        rate(in(before, DeviceFigures.Kind.NETWORK), in(now, DeviceFigures.Kind.NETWORK), seconds),
        rate(
            out(before, DeviceFigures.Kind.NETWORK), out(now, DeviceFigures.Kind.NETWORK), seconds),
        exits(before, now, seconds));
  }

  private static Map<String, Double> exits(MetricSample before, MetricSample now, double seconds) {
    Map<String, Double> rates = HashMap.newHashMap(now.exits().size());
    now.exits()
        .forEach(
            (reason, count) -> {
              double rate = rate(before.exits().getOrDefault(reason, 0L), count, seconds);
              if (rate > 0) {
                rates.put(reason, rate);
              }
            });
    return Map.copyOf(rates);
  }

  /** A counter that went back was started anew, and tells nothing of this second. */
  private static double rate(long before, long now, double seconds) {
    return now < before ? 0 : (now - before) / seconds;
  }

  private static double told(long bytes) {
    return bytes < 0 ? Double.NaN : bytes;
  }

  private static long guestNanos(MetricSample sample) {
    return sample.vcpus().stream().mapToLong(VcpuTime::guestNanos).sum();
  }

  private static long vmmNanos(MetricSample sample) {
    return sample.vmmCpuNanos() + sample.vcpus().stream().mapToLong(VcpuTime::vmmNanos).sum();
  }

  private static long in(MetricSample sample, DeviceFigures.Kind kind) {
    return sample.devices().stream()
        .filter(device -> device.kind() == kind)
        .mapToLong(DeviceFigures::bytesIn)
        .sum();
  }

  private static long out(MetricSample sample, DeviceFigures.Kind kind) {
    return sample.devices().stream()
        .filter(device -> device.kind() == kind)
        .mapToLong(DeviceFigures::bytesOut)
        .sum();
  }
}
