package org.vivarium.vmm.codec;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.engine.EngineChoice;

/** A definition in JSON, as docs/vm.schema.json describes it. Its name is not in it. */
public final class DefinitionCodec {
  /** Longest description, characters. */
  static final int MAX_DESCRIPTION = 4096;

  /** Longest kernel command line, characters. */
  static final int MAX_COMMAND_LINE = 2047;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final Pattern ENTRY = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
  private static final int MIN_MIB = (int) (MachineConfig.MIN_MEMORY >> 20);
  private static final int MAX_MIB = (int) (MachineConfig.MAX_MEMORY >> 20);

  private DefinitionCodec() {}

  /**
   * Checks a machine's name, which is also its folder's.
   *
   * @throws InvalidConfigException saying what is allowed
   */
  public static String name(String name) throws InvalidConfigException {
    if (!NAME.matcher(name).matches()) {
      throw new InvalidConfigException(
          "Name: \"%s\" is not possible; choose 1 to 64 letters, digits, '.', '_' and '-', a letter or a digit first."
              .formatted(name.replaceAll("\\p{Cntrl}", "?")));
    }
    return name;
  }

  /** Whether a folder's name can be a machine's. */
  public static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }

  /** Says it in JSON, every field written out. */
  public static ObjectNode write(VmDefinition definition) {
    ObjectNode node = Json.object().put("version", VmDefinition.VERSION);
    node.put("description", definition.description());
    node.put("cpus", definition.cpus()).put("memoryMib", definition.memoryMib());
    node.put("engine", definition.engine());
    node.set("guest", write(definition.guest()));
    node.set("devices", DeviceCodec.write(definition.devices()));
    return node.put("autostart", definition.autostart());
  }

  private static ObjectNode write(GuestSource guest) {
    ObjectNode node = Json.object();
    switch (guest) {
      case GuestSource.Catalogue(String entry, String append) ->
          node.put("kind", "catalogue").put("entry", entry).put("append", append);
      case GuestSource.Kernel(Path kernel, @Nullable Path initrd, String commandLine) -> {
        node.put("kind", "kernel").put("kernel", kernel.toString());
        if (initrd != null) {
          node.put("initrd", initrd.toString());
        }
        node.put("commandLine", commandLine);
      }
      case GuestSource.Disk(String append) -> node.put("kind", "disk").put("append", append);
    }
    return node;
  }

  /**
   * Reads an object of the present version.
   *
   * @param name the machine's
   * @throws InvalidConfigException with the field's path, what was found and what is allowed
   */
  public static VmDefinition read(String name, ObjectNode node) throws InvalidConfigException {
    JsonFields fields = JsonFields.of(node, "");
    fields.number("version", VmDefinition.VERSION, VmDefinition.VERSION);
    String description = fields.words("description", MAX_DESCRIPTION);
    int cpus = (int) fields.number("cpus", 1, MachineConfig.MAX_CPUS);
    int memoryMib = (int) fields.number("memoryMib", MIN_MIB, MAX_MIB);
    String engine = fields.has("engine") ? fields.choice("engine", EngineChoice.names()) : "auto";
    GuestSource guest = guest(fields.object("guest"));
    DeviceSet devices =
        fields.has("devices") ? DeviceCodec.read(fields.object("devices")) : DeviceSet.NONE;
    boolean autostart = fields.flag("autostart", false);
    fields.end();
    if (guest instanceof GuestSource.Disk && devices.disks().isEmpty()) {
      throw fields.refuse("guest", "\"disk\" only for a machine that has a disk");
    }
    return new VmDefinition(
        name(name), description, cpus, memoryMib, engine, guest, devices, autostart);
  }

  private static GuestSource guest(JsonFields fields) throws InvalidConfigException {
    GuestSource guest =
        switch (fields.choice("kind", List.of("catalogue", "kernel", "disk"))) {
          case "catalogue" ->
              new GuestSource.Catalogue(
                  fields.text("entry", ENTRY, "the name of an entry of the catalogue"),
                  fields.words("append", MAX_COMMAND_LINE));
          case "kernel" ->
              new GuestSource.Kernel(
                  DeviceCodec.file(fields, "kernel"),
                  fields.has("initrd") ? DeviceCodec.file(fields, "initrd") : null,
                  fields.words("commandLine", MAX_COMMAND_LINE));
          default -> new GuestSource.Disk(fields.words("append", MAX_COMMAND_LINE));
        };
    fields.end();
    return guest;
  }
}
