package org.vivarium.vmm.codec;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.PrettyPrinter;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.InvalidConfigException;

/** JSON texts (RFC 8259) as trees: read within bounds, written on one line or for people. */
public final class Json {
  /** How deep a text may nest; ours nest six deep. */
  static final int MAX_DEPTH = 32;

  private static final int MAX_NUMBER_LENGTH = 64;
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNumberLength(MAX_NUMBER_LENGTH)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private Json() {}

  /**
   * Reads one text that is all of the input.
   *
   * @throws InvalidConfigException saying where it stops being JSON, as a sentence's end
   */
  public static JsonNode parse(String text) throws InvalidConfigException {
    try {
      return read(text);
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      String where =
          at == null ? "" : " in line %d, column %d".formatted(at.getLineNr(), at.getColumnNr());
      String problem = String.valueOf(e.getOriginalMessage()).replaceAll("\\s+", " ");
      throw new InvalidConfigException("It is not valid JSON%s: %s.".formatted(where, problem), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // A text is in memory.
    }
  }

  private static JsonNode read(String text) throws IOException, InvalidConfigException {
    try (JsonParser parser = FACTORY.createParser(text)) {
      if (parser.nextToken() == null) {
        throw new InvalidConfigException("It is empty; a JSON object is expected.");
      }
      JsonNode node = JsonTree.read(parser, NODES);
      if (parser.nextToken() != null) {
        throw new JsonParseException(parser, "More follows where it should end");
      }
      return node;
    }
  }

  /** The text on one line, without a line's end. */
  public static String line(JsonNode node) {
    return text(node, null);
  }

  /** The text for people, indented, with a line's end. */
  public static String pretty(JsonNode node) {
    return text(node, new DefaultPrettyPrinter()) + "\n";
  }

  private static String text(JsonNode node, @Nullable PrettyPrinter printer) {
    StringWriter text = new StringWriter();
    try (JsonGenerator generator = FACTORY.createGenerator(text)) {
      generator.setPrettyPrinter(printer);
      JsonTree.write(node, generator);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // A text is in memory.
    }
    return text.toString();
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
