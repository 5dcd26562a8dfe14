package org.vivarium.vmm.codec;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.TreeMap;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.client.MetricSample;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.engine.DeviceFigures;

/** One second of a machine in JSON. */
public final class SampleCodec {
  private static final int MAX_DEVICES = DeviceCodec.MAX_DISKS + DeviceCodec.MAX_NETWORKS;
  private static final int MAX_ID = 256;

  private SampleCodec() {}

  /** A sample, as an object. */
  public static ObjectNode write(MetricSample sample) {
    ObjectNode node = Json.object().put("millis", sample.millis());
    ArrayNode vcpus = node.putArray("vcpus");
    for (MetricSample.VcpuTime time : sample.vcpus()) {
      vcpus.addObject().put("guestNanos", time.guestNanos()).put("vmmNanos", time.vmmNanos());
    }
    node.put("vmmCpuNanos", sample.vmmCpuNanos());
    node.put("guestMemoryTotal", sample.guestMemoryTotal());
    node.put("guestMemoryFree", sample.guestMemoryFree());
    node.put("guestMemoryCaches", sample.guestMemoryCaches());
    node.put("hostGuestRam", sample.hostGuestRam()).put("hostVmm", sample.hostVmm());
    ArrayNode devices = node.putArray("devices");
    for (DeviceFigures figures : sample.devices()) {
      devices
          .addObject()
          .put("id", figures.id())
          .put("kind", JsonFields.nameOf(figures.kind()))
          .put("bytesIn", figures.bytesIn())
          .put("bytesOut", figures.bytesOut())
          .put("operationsIn", figures.operationsIn())
          .put("operationsOut", figures.operationsOut())
          .put("errors", figures.errors())
          .put("busyNanos", figures.busyNanos());
    }
    ObjectNode exits = node.putObject("exits");
    sample.exits().forEach(exits::put);
    return node;
  }

  /** A sample; fields that this program does not know are passed over. */
  public static MetricSample read(JsonFields fields) throws InvalidConfigException {
    Map<String, Long> exits = new TreeMap<>();
    JsonFields counted = fields.object("exits");
    for (String reason : counted.names()) {
      exits.put(reason, counted.number(reason, 0, Long.MAX_VALUE));
    }
    return new MetricSample(
        count(fields, "millis"),
        fields.list("vcpus", MachineConfig.MAX_CPUS, SampleCodec::time),
        count(fields, "vmmCpuNanos"),
        fields.number("guestMemoryTotal", -1, Long.MAX_VALUE),
        fields.number("guestMemoryFree", -1, Long.MAX_VALUE),
        fields.number("guestMemoryCaches", -1, Long.MAX_VALUE),
        count(fields, "hostGuestRam"),
        count(fields, "hostVmm"),
        fields.list("devices", MAX_DEVICES, SampleCodec::device),
        exits);
  }

  private static MetricSample.VcpuTime time(JsonFields fields) throws InvalidConfigException {
    return new MetricSample.VcpuTime(count(fields, "guestNanos"), count(fields, "vmmNanos"));
  }

  private static DeviceFigures device(JsonFields fields) throws InvalidConfigException {
    return new DeviceFigures(
        fields.words("id", MAX_ID),
        fields.choice("kind", DeviceFigures.Kind.values()),
        count(fields, "bytesIn"),
        count(fields, "bytesOut"),
        count(fields, "operationsIn"),
        count(fields, "operationsOut"),
        count(fields, "errors"),
        count(fields, "busyNanos"));
  }

  private static long count(JsonFields fields, String name) throws InvalidConfigException {
    return fields.number(name, 0, Long.MAX_VALUE);
  }
}
