package org.vivarium.app.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import org.vivarium.vmm.client.MachineStatus;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.definition.DefinitionJson;
import org.vivarium.vmm.definition.GuestSource;

/** Machines and their parts in words, and as JSON. */
final class MachineText {
  private static final long MIB = 1L << 20;

  private MachineText() {}

  static String state(MachineSummary.State state) {
    return state.name().toLowerCase(Locale.ROOT);
  }

  static String memory(int mib) {
    return Amounts.bytes(mib * MIB);
  }

  static String guest(GuestSource guest) {
    return switch (guest) {
      case GuestSource.Catalogue(String entry, _) -> entry;
      case GuestSource.Kernel kernel -> String.valueOf(kernel.kernel().getFileName());
      case GuestSource.Disk _ -> "disk";
    };
  }

  /** What the guest's kernel is told, or told beside what the guest brings along. */
  static String commandLine(GuestSource guest) {
    return switch (guest) {
      case GuestSource.Catalogue(_, String append) -> append;
      case GuestSource.Kernel kernel -> kernel.commandLine();
      case GuestSource.Disk(String append) -> append;
    };
  }

  static String disk(DiskConfig disk) {
    StringBuilder text = new StringBuilder(disk.file().toString());
    if (disk.format() != null) {
      text.append(", ").append(disk.format().name().toLowerCase(Locale.ROOT));
    }
    if (disk.readOnly()) {
      text.append(", read-only");
    }
    if (!disk.serial().isEmpty()) {
      text.append(", serial ").append(disk.serial());
    }
    return text.append(limited(disk.limit())).toString();
  }

  static String card(NetConfig card) {
    StringBuilder text = new StringBuilder(network(card.backend()));
    text.append(", ").append(card.mac());
    if (!card.linkUp()) {
      text.append(", link down");
    }
    if (card.backend() instanceof NetBackend.User user) {
      user.forwards().forEach(f -> text.append(", forward ").append(ForwardOption.text(f)));
    }
    return text.append(limited(card.limit())).toString();
  }

  private static String network(NetBackend backend) {
    return switch (backend) {
      case NetBackend.User _ -> "user";
      case NetBackend.Tap(String device) -> "tap " + device;
      case NetBackend.Segment(String name) -> "segment " + name;
      case NetBackend.None _ -> "no cable";
    };
  }

  private static String limited(RateLimit limit) {
    return limit.equals(RateLimit.NONE) ? "" : ", at most " + limit(limit);
  }

  /** A limit: {@code 10 MiB/s, 100 operations/s}. */
  static String limit(RateLimit limit) {
    String bytes = Amounts.bytes(limit.bytesPerSecond()) + "/s";
    String operations = limit.operationsPerSecond() + " operations/s";
    if (limit.bytesPerSecond() == 0) {
      return limit.operationsPerSecond() == 0 ? "no limit" : operations;
    }
    return limit.operationsPerSecond() == 0 ? bytes : bytes + ", " + operations;
  }

  /** A machine as {@code ls --json} has it. */
  static ObjectNode json(MachineSummary machine) {
    ObjectNode node = JsonText.object();
    node.put("name", machine.name());
    node.put("state", state(machine.state()));
    node.put("engine", machine.engine().orElse(null));
    node.put("problem", machine.problem().orElse(null));
    node.set(
        "definition",
        machine.definition().map(d -> JsonText.tree(DefinitionJson.write(d))).orElse(null));
    return node;
  }

  /** How a running machine is. */
  static ObjectNode json(MachineStatus status) {
    ObjectNode node = JsonText.object();
    node.put("state", status.state().name().toLowerCase(Locale.ROOT));
    node.put("engine", status.engine());
    node.put("engineReason", status.engineReason());
    node.put("pid", status.pid());
    node.put("startedMillis", status.startedMillis());
    ObjectNode stages = node.putObject("stageNanos");
    status.stages().forEach((stage, nanos) -> stages.put(stage.name(), nanos));
    node.put("confinedBy", status.confinedBy().orElse(null));
    node.put("address", status.address().orElse(null));
    node.put("problem", status.problem().orElse(null));
    return node;
  }
}
