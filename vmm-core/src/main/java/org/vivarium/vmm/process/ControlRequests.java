package org.vivarium.vmm.process;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineStatus;
import org.vivarium.vmm.client.MetricSample;
import org.vivarium.vmm.codec.DeviceCodec;
import org.vivarium.vmm.codec.Json;
import org.vivarium.vmm.codec.JsonFields;
import org.vivarium.vmm.codec.Rpc;
import org.vivarium.vmm.codec.SampleCodec;
import org.vivarium.vmm.codec.StatusCodec;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.engine.VirtualMachine;

/** The methods of the control protocol: reads their parameters and has the machine do them. */
final class ControlRequests implements ControlServer.Requests {
  private static final long MAX_PATIENCE_MILLIS = 86_400_000;
  private static final int MAX_CHARACTERS = 65_535;

  /** What a request needs of its machine's host. */
  interface Host {
    /** The machine. */
    VirtualMachine machine();

    /** How it is. */
    MachineStatus status();

    /** Begins a graceful shutdown; returns at once. */
    void shutDown(Duration patience);

    /** Ends the machine at once. */
    void kill();

    /** What was measured. */
    MetricRing metrics();

    /** Opens a disk as the definition's are opened: relative paths are the folder's. */
    DiskConfig resolve(DiskConfig disk);
  }

  private final Host host;
  private final String name;

  ControlRequests(Host host, String name) {
    this.host = host;
    this.name = name;
  }

  @Override
  public JsonNode call(String method, JsonFields params) throws Rpc.Failure, VmmException {
    return switch (method) {
      case Rpc.STATUS -> {
        params.end();
        yield StatusCodec.write(host.status());
      }
      case Rpc.SAMPLES -> samples(params);
      case Rpc.PROMETHEUS -> {
        params.end();
        yield Json.object().put("text", Prometheus.text(name, host.metrics().last()));
      }
      default -> {
        act(method, params);
        yield Json.object();
      }
    };
  }

  private JsonNode samples(JsonFields params) throws InvalidConfigException {
    long after = params.number("afterMillis", Long.MIN_VALUE, Long.MAX_VALUE, Long.MIN_VALUE);
    params.end();
    ObjectNode result = Json.object();
    ArrayNode samples = result.putArray("samples");
    for (MetricSample sample : host.metrics().after(after, Rpc.MAX_SAMPLES)) {
      samples.add(SampleCodec.write(sample));
    }
    return result;
  }

  private void act(String method, JsonFields params) throws Rpc.Failure, VmmException {
    VirtualMachine machine = host.machine();
    switch (method) {
      case Rpc.POWER_BUTTON -> plain(params, machine::pressPowerButton);
      case Rpc.KILL -> plain(params, host::kill);
      case Rpc.PAUSE -> plain(params, machine::pause);
      case Rpc.RESUME -> plain(params, machine::resume);
      case Rpc.RESET -> plain(params, machine::reset);
      case Rpc.SHUT_DOWN -> {
        long millis = params.number("patienceMillis", 0, MAX_PATIENCE_MILLIS);
        plain(params, () -> host.shutDown(Duration.ofMillis(millis)));
      }
      case Rpc.SET_BALLOON -> {
        long bytes = params.number("bytes", 0, Long.MAX_VALUE);
        plain(params, () -> machine.setBalloonTarget(bytes));
      }
      case Rpc.RESIZE_CONSOLE -> {
        int columns = (int) params.number("columns", 1, MAX_CHARACTERS);
        int rows = (int) params.number("rows", 1, MAX_CHARACTERS);
        plain(params, () -> machine.resizeConsole(columns, rows));
      }
      case Rpc.ATTACH_DISK -> {
        DiskConfig disk = host.resolve(DeviceCodec.disk(params.object("disk")));
        plain(params, () -> machine.attachDisk(disk));
      }
      case Rpc.DETACH_DISK, Rpc.RESIZE_DISK, Rpc.SET_LINK, Rpc.SET_FORWARDS, Rpc.SET_LIMIT ->
          device(method, DeviceCodec.id(params, "id"), params);
      default ->
          throw new Rpc.Failure(
              Rpc.Code.METHOD_NOT_FOUND,
              "There is no method \"%s\"; docs/control-protocol.md lists them."
                  .formatted(method.replaceAll("\\p{Cntrl}", "?")));
    }
  }

  private void device(String method, String id, JsonFields params) throws VmmException {
    VirtualMachine machine = host.machine();
    switch (method) {
      case Rpc.RESIZE_DISK -> {
        long bytes = params.number("bytes", 1, Long.MAX_VALUE);
        plain(params, () -> machine.resizeDisk(id, bytes));
      }
      case Rpc.SET_LINK -> {
        boolean up = params.flag("up", true);
        plain(params, () -> machine.setLink(id, up));
      }
      case Rpc.SET_FORWARDS -> {
        var forwards = DeviceCodec.forwards(params);
        plain(params, () -> machine.setForwards(id, forwards));
      }
      case Rpc.SET_LIMIT -> {
        var limit = DeviceCodec.limit(params);
        plain(params, () -> machine.setLimit(id, limit));
      }
      default -> plain(params, () -> machine.detachDisk(id));
    }
  }

  /** Something that a machine does. */
  @FunctionalInterface
  private interface Action {
    void run() throws VmmException;
  }

  /** Does it, if no parameter is left over. */
  private static void plain(JsonFields params, Action action) throws VmmException {
    params.end();
    action.run();
  }
}
