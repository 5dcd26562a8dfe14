package org.vivarium.app.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/** Writes a result, every single value of it, as JSON. */
public final class BenchJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private BenchJson() {}

  /** Writes the file anew. */
  public static void write(BenchResult result, Path file) throws BenchException {
    try {
      JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), tree(result));
    } catch (IOException e) {
      throw new BenchException(
          "The file %s cannot be written: %s".formatted(file, e.getMessage()), e);
    }
  }

  static ObjectNode tree(BenchResult result) {
    ObjectNode root = JSON.createObjectNode();
    root.set("host", JSON.valueToTree(result.host()));
    Workload workload = result.plan().workload();
    ObjectNode guest = root.putObject("guest");
    guest.put("kernel", workload.kernel().toString());
    guest.put("initrd", workload.initrd().toString());
    guest.put("commandLine", workload.commandLine());
    guest.put("memoryMib", workload.memoryMib());
    guest.put("yardstick", QemuMicrovm.MACHINE);
    ObjectNode times = root.putObject("milliseconds");
    result.times().forEach((quantity, samples) -> array(times, name(quantity), samples));
    ArrayNode exits = root.putArray("countersAtInit");
    for (BenchResult.Pair<Map<String, Long>> pair : result.exits()) {
      ObjectNode round = exits.addObject();
      round.set("vivarium", JSON.valueToTree(pair.vivarium()));
      round.set("qemu", JSON.valueToTree(pair.qemu()));
    }
    result
        .memory()
        .ifPresent(
            pair -> {
              ObjectNode memory = root.putObject("memoryKib");
              memory.set("vivarium", JSON.valueToTree(pair.vivarium()));
              memory.set("qemu", JSON.valueToTree(pair.qemu()));
            });
    result
        .exitCost()
        .ifPresent(
            cost -> {
              ObjectNode exit = root.putObject("exitNanoseconds");
              array(exit, "vivarium", cost.java());
              cost.c().ifPresent(c -> array(exit, "c", c));
              exit.put("allocatedBytes", cost.allocatedBytes());
            });
    result.ready().ifPresent(ready -> root.set("readyProcessKib", JSON.valueToTree(ready)));
    result.idle().ifPresent(idle -> root.set("idleMachines", JSON.valueToTree(idle)));
    return root;
  }

  private static String name(Quantity quantity) {
    return quantity.name().toLowerCase(Locale.ROOT);
  }

  private static void array(ObjectNode parent, String name, Samples samples) {
    ArrayNode array = parent.putArray(name);
    samples.values().forEach(array::add);
  }
}
