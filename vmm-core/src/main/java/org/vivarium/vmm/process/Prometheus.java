package org.vivarium.vmm.process;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.vivarium.vmm.client.MetricSample;
import org.vivarium.vmm.engine.DeviceFigures;

/** A sample in Prometheus' text format 0.0.4. */
final class Prometheus {
  private static final double NANOS = 1e9;

  private final StringBuilder text = new StringBuilder();
  private final String vm;

  private Prometheus(String vm) {
    this.vm = vm;
  }

  /**
   * The text.
   *
   * @param vm the machine's name, which needs no escaping
   * @param sample the newest; empty before the first
   */
  static String text(String vm, Optional<MetricSample> sample) {
    Prometheus page = new Prometheus(vm);
    sample.ifPresent(page::write);
    return page.text.toString();
  }

  private void write(MetricSample sample) {
    head(
        "vivarium_vcpu_seconds_total",
        "counter",
        "Processor time of a virtual processor's thread.");
    for (int i = 0; i < sample.vcpus().size(); i++) {
      MetricSample.VcpuTime time = sample.vcpus().get(i);
      seconds(
          "vivarium_vcpu_seconds_total",
          "vcpu=\"%d\",mode=\"guest\"".formatted(i),
          time.guestNanos());
      seconds(
          "vivarium_vcpu_seconds_total", "vcpu=\"%d\",mode=\"vmm\"".formatted(i), time.vmmNanos());
    }
    head("vivarium_vmm_seconds_total", "counter", "Processor time of all other threads.");
    seconds("vivarium_vmm_seconds_total", "", sample.vmmCpuNanos());
    Map<String, Long> host = new TreeMap<>();
    host.put("guest_ram", sample.hostGuestRam());
    host.put("vmm", sample.hostVmm());
    gauges("vivarium_host_memory_bytes", "Memory that the host pays (PSS).", host);
    Map<String, Long> guest = new TreeMap<>();
    guest.put("total", sample.guestMemoryTotal());
    guest.put("free", sample.guestMemoryFree());
    guest.put("caches", sample.guestMemoryCaches());
    guest.values().removeIf(bytes -> bytes < 0);
    gauges("vivarium_guest_memory_bytes", "Memory as the guest sees it.", guest);
    head("vivarium_exits_total", "counter", "VM exits by reason.");
    sample
        .exits()
        .forEach((reason, n) -> line("vivarium_exits_total", "reason=\"" + reason + "\"", n));
    devices(sample);
  }

  private void devices(MetricSample sample) {
    head("vivarium_device_bytes_total", "counter", "Bytes into and out of the guest.");
    for (DeviceFigures device : sample.devices()) {
      line("vivarium_device_bytes_total", labels(device, "in"), device.bytesIn());
      line("vivarium_device_bytes_total", labels(device, "out"), device.bytesOut());
    }
    head("vivarium_device_operations_total", "counter", "Disk requests or network frames.");
    for (DeviceFigures device : sample.devices()) {
      line("vivarium_device_operations_total", labels(device, "in"), device.operationsIn());
      line("vivarium_device_operations_total", labels(device, "out"), device.operationsOut());
    }
    head("vivarium_device_errors_total", "counter", "Requests or frames that failed.");
    for (DeviceFigures device : sample.devices()) {
      line("vivarium_device_errors_total", labels(device, "any"), device.errors());
    }
    head("vivarium_device_busy_seconds_total", "counter", "Time that finished requests took.");
    for (DeviceFigures device : sample.devices()) {
      seconds("vivarium_device_busy_seconds_total", labels(device, "any"), device.busyNanos());
    }
  }

  private static String labels(DeviceFigures device, String direction) {
    return "device=\"%s\",kind=\"%s\",direction=\"%s\""
        .formatted(device.id(), device.kind().name().toLowerCase(Locale.ROOT), direction);
  }

  private void gauges(String name, String help, Map<String, Long> values) {
    head(name, "gauge", help);
    values.forEach((part, bytes) -> line(name, "part=\"" + part + "\"", bytes));
  }

  private void head(String name, String type, String help) {
    text.append("# HELP ").append(name).append(' ').append(help).append('\n');
    text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
  }

  private void line(String name, String labels, Number value) {
    text.append(name).append("{vm=\"").append(vm).append('"');
    if (!labels.isEmpty()) {
      text.append(',').append(labels);
    }
    text.append("} ").append(value).append('\n');
  }

  private void seconds(String name, String labels, long nanos) {
    line(name, labels, nanos / NANOS);
  }
}
