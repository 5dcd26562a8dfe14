package org.vivarium.app.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.engine.DeviceFigures.Kind;

/** What machines do, for people and as JSON. */
final class StatsText {
  private static final int MOST_REASONS = 8;

  private StatsText() {}

  /** One line for each machine; for a single one also its devices and its exits. */
  static List<String> lines(List<MachineRates> machines) {
    TextTable table =
        new TextTable(
            "NAME",
            ">CPU GUEST",
            ">CPU VMM",
            ">MEM GUEST",
            ">MEM HOST",
            ">VMM",
            ">DISK READ/s",
            ">WRITE/s",
            ">NET IN/s",
            ">OUT/s",
            ">EXITS/s");
    for (MachineRates machine : machines) {
      table.row(
          machine.name(),
          Amounts.percent(machine.guestCpu()),
          Amounts.percent(machine.vmmCpu()),
          Amounts.bytes(machine.guestMemoryUsed()),
          Amounts.bytes(machine.last().hostGuestRam()),
          Amounts.bytes(machine.last().hostVmm()),
          Amounts.bytes(machine.bytesIn(Kind.DISK)),
          Amounts.bytes(machine.bytesOut(Kind.DISK)),
          Amounts.bytes(machine.bytesIn(Kind.NETWORK)),
          Amounts.bytes(machine.bytesOut(Kind.NETWORK)),
          machine.exits().isEmpty() ? "-" : Amounts.count(machine.allExits()));
    }
    List<String> lines = new ArrayList<>(table.lines());
    if (machines.size() == 1) {
      lines.addAll(details(machines.getFirst()));
    }
    return lines;
  }

  private static List<String> details(MachineRates machine) {
    List<String> lines = new ArrayList<>();
    if (!machine.devices().isEmpty()) {
      TextTable table =
          new TextTable("DEVICE", ">IN/s", ">OUT/s", ">IN OPS/s", ">OUT OPS/s", ">LATENCY");
      for (MachineRates.DeviceRate device : machine.devices()) {
        table.row(
            device.id(),
            Amounts.bytes(device.bytesIn()),
            Amounts.bytes(device.bytesOut()),
            Amounts.count(device.operationsIn()),
            Amounts.count(device.operationsOut()),
            device
                .latencyMillis()
                .map(millis -> String.format(Locale.ROOT, "%.2f ms", millis))
                .orElse("-"));
      }
      lines.add("");
      lines.addAll(table.lines());
    }
    if (!machine.exits().isEmpty()) {
      TextTable table = new TextTable("EXIT", ">PER SECOND");
      machine.exits().entrySet().stream()
          .sorted(Map.Entry.<String, Double>comparingByValue(Comparator.reverseOrder()))
          .limit(MOST_REASONS)
          .forEach(exit -> table.row(exit.getKey(), Amounts.count(exit.getValue())));
      lines.add("");
      lines.addAll(table.lines());
    }
    return lines;
  }

  /** Rates in a second, amounts in bytes, processor time in processors; null is not known. */
  static ObjectNode json(MachineRates machine) {
    ObjectNode node = JsonText.object();
    node.put("name", machine.name()).put("millis", machine.last().millis());
    node.putObject("cpu").put("guest", machine.guestCpu()).put("vmm", machine.vmmCpu());
    ObjectNode memory = node.putObject("memory");
    memory.put("guestTotal", known(machine.last().guestMemoryTotal()));
    memory.put("guestFree", known(machine.last().guestMemoryFree()));
    memory.put("guestCaches", known(machine.last().guestMemoryCaches()));
    memory.put("hostGuestRam", known(machine.last().hostGuestRam()));
    memory.put("hostVmm", known(machine.last().hostVmm()));
    ArrayNode devices = node.putArray("devices");
    for (MachineRates.DeviceRate device : machine.devices()) {
      devices
          .addObject()
          .put("id", device.id())
          .put("kind", device.kind().name().toLowerCase(Locale.ROOT))
          .put("bytesInPerSecond", device.bytesIn())
          .put("bytesOutPerSecond", device.bytesOut())
          .put("operationsInPerSecond", device.operationsIn())
          .put("operationsOutPerSecond", device.operationsOut())
          .put("latencyMillis", device.latencyMillis().orElse(null));
    }
    ObjectNode exits = node.putObject("exitsPerSecond");
    machine.exits().forEach(exits::put);
    return node;
  }

  private static @Nullable Long known(long amount) {
    return amount < 0 ? null : Long.valueOf(amount);
  }
}
