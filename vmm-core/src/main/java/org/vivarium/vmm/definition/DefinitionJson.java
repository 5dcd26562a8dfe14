package org.vivarium.vmm.definition;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.function.UnaryOperator;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.codec.DefinitionCodec;
import org.vivarium.vmm.codec.Json;

/**
 * A definition as JSON text, and texts of older versions brought to the present one.
 *
 * <p>Stateless; any thread.
 */
public final class DefinitionJson {
  /**
   * What was read.
   *
   * @param definition what it says
   * @param migrated whether the text was of an older version
   */
  public record Text(VmDefinition definition, boolean migrated) {}

  /** The steps from each older version to the next: the first from version 1 to 2. */
  private static final List<UnaryOperator<ObjectNode>> STEPS = List.of();

  private DefinitionJson() {}

  /** The text of a definition, for people, every field written out. */
  public static String write(VmDefinition definition) {
    return Json.pretty(DefinitionCodec.write(definition));
  }

  /**
   * Reads a text.
   *
   * @param name the machine's
   * @throws InvalidConfigException a sentence with the field's path, what was found and what is
   *     allowed
   */
  public static Text read(String name, String text) throws InvalidConfigException {
    return read(name, text, STEPS, VmDefinition.VERSION);
  }

  /**
   * @param steps from version {@code present - steps.size()} on, one for each version
   */
  static Text read(String name, String text, List<UnaryOperator<ObjectNode>> steps, int present)
      throws InvalidConfigException {
    JsonNode node = Json.parse(text);
    if (!(node instanceof ObjectNode object)) {
      throw new InvalidConfigException("It is JSON, but no object; a definition is one.");
    }
    int oldest = present - steps.size();
    JsonNode version = object.path("version");
    if (version.isIntegralNumber() && version.asLong() > present) {
      throw new InvalidConfigException(
          "version: found %s, which a newer Vivarium wrote; allowed is %d to %d."
              .formatted(version, oldest, present));
    }
    if (!version.isInt() || version.intValue() < oldest) {
      throw new InvalidConfigException(
          "version: found %s; allowed is %d to %d."
              .formatted(version.isMissingNode() ? "nothing" : version, oldest, present));
    }
    int found = version.intValue();
    for (int from = found; from < present; from++) {
      object = steps.get(from - oldest).apply(object).put("version", from + 1);
    }
    return new Text(DefinitionCodec.read(name, object), found < present);
  }

  /**
   * Checks a definition that was made in memory as one that is read is checked.
   *
   * @throws InvalidConfigException as {@link #read}
   */
  public static void check(VmDefinition definition) throws InvalidConfigException {
    DefinitionCodec.read(definition.name(), DefinitionCodec.write(definition));
  }
}
