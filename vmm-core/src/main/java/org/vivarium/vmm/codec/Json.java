package org.vivarium.vmm.codec;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.vivarium.vmm.InvalidConfigException;

/** JSON texts (RFC 8259) as trees: read within bounds, written on one line or for people. */
public final class Json {
  /** How deep a text may nest; ours nest six deep. */
  static final int MAX_DEPTH = 32;

  private static final int MAX_NUMBER_LENGTH = 64;
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private static final ObjectMapper MAPPER =
      new ObjectMapper(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxNumberLength(MAX_NUMBER_LENGTH)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private Json() {}

  /**
   * Reads one text that is all of the input.
   *
   * @throws InvalidConfigException saying where it stops being JSON, as a sentence's end
   */
  public static JsonNode parse(String text) throws InvalidConfigException {
    try {
      JsonNode node = MAPPER.readTree(text);
      if (node.isMissingNode()) {
        throw new InvalidConfigException("It is empty; a JSON object is expected.");
      }
      return node;
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      String where =
          at == null ? "" : " in line %d, column %d".formatted(at.getLineNr(), at.getColumnNr());
      String problem = String.valueOf(e.getOriginalMessage()).replaceAll("\\s+", " ");
      throw new InvalidConfigException("It is not valid JSON%s: %s.".formatted(where, problem), e);
    }
  }

  /** The text on one line, without a line's end. */
  public static String line(JsonNode node) {
    return node.toString();
  }

  /** The text for people, indented, with a line's end. */
  public static String pretty(JsonNode node) {
    return node.toPrettyString() + "\n";
  }

  /** A new, empty object. */
  public static ObjectNode object() {
    return NODES.objectNode();
  }

  /** A new, empty array. */
  public static ArrayNode array() {
    return NODES.arrayNode();
  }
}
