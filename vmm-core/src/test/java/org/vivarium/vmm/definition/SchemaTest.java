package org.vivarium.vmm.definition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.engine.EngineChoice;

/** docs/vm.schema.json says of each record what the record and its reader say. */
class SchemaTest {
  private final JsonNode schema = schema();

  private static JsonNode schema() {
    try {
      return new ObjectMapper().readTree(Files.readString(Path.of("../docs/vm.schema.json")));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private JsonNode def(String name) {
    return schema.path("$defs").path(name);
  }

  private static JsonNode oneOf(JsonNode node, String title) {
    return StreamSupport.stream(node.path("oneOf").spliterator(), false)
        .filter(one -> one.path("title").asText().equals(title))
        .findFirst()
        .orElseThrow();
  }

  private static Set<String> properties(JsonNode node) {
    Set<String> names = new TreeSet<>();
    node.path("properties").fieldNames().forEachRemaining(names::add);
    assertEquals(false, node.path("additionalProperties").asBoolean(true), names.toString());
    return names;
  }

  private static Set<String> components(Class<?> type, String... more) {
    Set<String> names =
        Arrays.stream(type.getRecordComponents())
            .map(RecordComponent::getName)
            .collect(Collectors.toCollection(TreeSet::new));
    names.addAll(List.of(more));
    return names;
  }

  private static Set<String> texts(JsonNode array) {
    Set<String> texts = new TreeSet<>();
    array.forEach(text -> texts.add(text.asText()));
    return texts;
  }

  private static Set<String> names(Enum<?>[] constants) {
    return Arrays.stream(constants)
        .map(c -> c.name().toLowerCase(Locale.ROOT))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void schemaHasTheRecordsComponents() {
    Set<String> definition = components(VmDefinition.class, "version");
    definition.remove("name");
    Set<String> devices = components(DeviceSet.class);
    devices.remove("stream");

    assertEquals(definition, properties(schema));
    assertEquals(devices, properties(def("devices")));
    assertEquals(components(DiskConfig.class), properties(def("disk")));
    assertEquals(components(NetConfig.class), properties(def("network")));
    assertEquals(components(PortForward.class), properties(def("forward")));
    assertEquals(components(RateLimit.class), properties(def("limit")));
    assertEquals(Set.of("cid"), properties(def("devices").path("properties").path("vsock")));
  }

  @Test
  void schemaHasEveryKindWithItsComponents() {
    assertKinds(def("guest"), GuestSource.class);
    assertKinds(def("backend"), NetBackend.class);
  }

  private static void assertKinds(JsonNode node, Class<?> sealed) {
    assertEquals(sealed.getPermittedSubclasses().length, node.path("oneOf").size());
    for (Class<?> kind : sealed.getPermittedSubclasses()) {
      String name = kind.getSimpleName().toLowerCase(Locale.ROOT);
      JsonNode one = oneOf(node, name);

      assertEquals(components(kind, "kind"), properties(one));
      assertEquals(name, one.path("properties").path("kind").path("const").asText());
    }
  }

  @Test
  void schemaHasTheSameEnumsAndBounds() {
    JsonNode properties = schema.path("properties");

    assertEquals(VmDefinition.VERSION, properties.path("version").path("const").asInt());
    assertEquals(
        new TreeSet<>(EngineChoice.names()), texts(properties.path("engine").path("enum")));
    assertEquals(
        names(DiskFormat.values()),
        texts(def("disk").path("properties").path("format").path("enum")));
    assertEquals(
        names(PortForward.Protocol.values()),
        texts(def("forward").path("properties").path("protocol").path("enum")));
    assertEquals(MachineConfig.MAX_CPUS, properties.path("cpus").path("maximum").asInt());
    assertEquals(
        MachineConfig.MAX_MEMORY >> 20, properties.path("memoryMib").path("maximum").asLong());
    assertEquals(
        MachineConfig.MIN_MEMORY >> 20, properties.path("memoryMib").path("minimum").asLong());
  }

  /** The reader and the schema agree on what may be missing and what is then meant. */
  @Test
  void requiredFieldsAreThoseThatTheReaderMisses() throws Exception {
    VmDefinition full = DefinitionJsonTest.full(new GuestSource.Catalogue("tiny", "x"));
    String text = DefinitionJson.write(full);
    Set<String> required = texts(schema.path("required"));
    for (String field : properties(schema)) {
      JsonNode tree = new ObjectMapper().readTree(text);
      ((ObjectNode) tree).remove(field);

      assertEquals(required.contains(field), isRefused(tree.toString()), field);
    }
  }

  private static boolean isRefused(String json) {
    try {
      DefinitionJson.read("test", json);
      return false;
    } catch (InvalidConfigException _) {
      return true;
    }
  }

  @Test
  void everyFieldIsDescribed() {
    assertDescribed(schema, "");
  }

  private void assertDescribed(JsonNode node, String path) {
    node.path("properties")
        .properties()
        .forEach(
            field -> {
              JsonNode property = field.getValue();
              String at = path + "." + field.getKey();
              boolean described =
                  property.has("description")
                      || field.getKey().equals("kind")
                      || def(property.path("$ref").asText().replace("#/$defs/", ""))
                          .has("description");
              assertTrue(described, at);
              assertDescribed(property, at);
            });
    node.path("oneOf").forEach(one -> assertDescribed(one, path + "." + one.path("title")));
    node.path("$defs").properties().forEach(d -> assertDescribed(d.getValue(), d.getKey()));
  }
}
