package org.vivarium.vmm.codec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.vivarium.vmm.InvalidConfigException;

/**
 * Reads the fields of one JSON object, each once, and refuses what is not allowed in a sentence
 * with the field's path, what was found and what is allowed. Used by one thread.
 */
public final class JsonFields {
  private static final int LONGEST_QUOTE = 60;

  private final JsonNode node;
  private final String path;
  private final Set<String> known = new LinkedHashSet<>();

  private JsonFields(JsonNode node, String path) {
    this.node = node;
    this.path = path;
  }

  /**
   * Begins to read an object.
   *
   * @param path where it stands, as {@code devices.disks[0]}; empty for the outermost
   * @throws InvalidConfigException if it is no object
   */
  public static JsonFields of(JsonNode node, String path) throws InvalidConfigException {
    if (!node.isObject()) {
      throw bad(path.isEmpty() ? "The outermost value" : path, node, "an object");
    }
    return new JsonFields(node, path);
  }

  /** Reads one element of an array. */
  @FunctionalInterface
  public interface Item<T> {
    /** Reads it. */
    T read(JsonFields fields) throws InvalidConfigException;
  }

  /** The path of one of this object's fields. */
  public String path(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  /** Whether the field is there, and not null. */
  public boolean has(String name) {
    return !find(name).isNull() && !find(name).isMissingNode();
  }

  /** The names of the fields that are there. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private JsonNode find(String name) {
    known.add(name);
    JsonNode found = node.get(name);
    return found == null ? MissingNode.getInstance() : found;
  }

  /** A whole number from {@code min} to {@code max}. */
  public long number(String name, long min, long max) throws InvalidConfigException {
    JsonNode found = find(name);
    if (!found.isIntegralNumber()
        || !found.canConvertToLong()
        || found.longValue() < min
        || found.longValue() > max) {
      throw bad(path(name), found, "a whole number from %d to %d".formatted(min, max));
    }
    return found.longValue();
  }

  /** A whole number, {@code otherwise} where the field is missing. */
  public long number(String name, long min, long max, long otherwise)
      throws InvalidConfigException {
    return has(name) ? number(name, min, max) : otherwise;
  }

  /** True or false, {@code otherwise} where the field is missing. */
  public boolean flag(String name, boolean otherwise) throws InvalidConfigException {
    if (!has(name)) {
      return otherwise;
    }
    JsonNode found = find(name);
    if (!found.isBoolean()) {
      throw bad(path(name), found, "true or false");
    }
    return found.booleanValue();
  }

  /**
   * A text that the predicate accepts.
   *
   * @param allowed what that is, as part of a sentence
   */
  public String text(String name, Predicate<String> accepts, String allowed)
      throws InvalidConfigException {
    JsonNode found = find(name);
    if (!found.isTextual() || !accepts.test(found.textValue())) {
      throw bad(path(name), found, allowed);
    }
    return found.textValue();
  }

  /** A text that the pattern matches as a whole. */
  public String text(String name, Pattern pattern, String allowed) throws InvalidConfigException {
    return text(name, text -> pattern.matcher(text).matches(), allowed);
  }

  /** A text of at most so many characters without NUL, empty where the field is missing. */
  public String words(String name, int longest) throws InvalidConfigException {
    return has(name)
        ? text(
            name,
            text -> text.length() <= longest && text.indexOf('\0') < 0,
            // Not formatted: that loads how a locale writes numbers, 15 ms of a start.
            "at most " + longest + " characters without NUL")
        : "";
  }

  /** One of an enum's constants, by its name in lower case. */
  public <E extends Enum<E>> E choice(String name, E[] constants) throws InvalidConfigException {
    List<String> names = Arrays.stream(constants).map(JsonFields::nameOf).toList();
    return constants[names.indexOf(choice(name, names))];
  }

  /** One of the texts. */
  public String choice(String name, List<String> texts) throws InvalidConfigException {
    return text(name, texts::contains, "one of " + String.join(", ", texts));
  }

  /** How an enum's constant is called in JSON. */
  public static String nameOf(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /** An object. */
  public JsonFields object(String name) throws InvalidConfigException {
    return of(find(name), path(name));
  }

  /** An object that may be missing. */
  public Optional<JsonFields> maybe(String name) throws InvalidConfigException {
    return has(name) ? Optional.of(object(name)) : Optional.empty();
  }

  /** An array of at most {@code most} objects; empty where the field is missing. */
  public <T> List<T> list(String name, int most, Item<T> item) throws InvalidConfigException {
    if (!has(name)) {
      return List.of();
    }
    JsonNode found = find(name);
    if (!found.isArray() || found.size() > most) {
      throw bad(path(name), found, "an array of at most %d objects".formatted(most));
    }
    List<T> items = new ArrayList<>();
    for (int i = 0; i < found.size(); i++) {
      items.add(item.read(of(found.get(i), path(name) + "[" + i + "]")));
    }
    return items;
  }

  /**
   * Refuses every field that was not asked for.
   *
   * @throws InvalidConfigException naming the first of them
   */
  public void end() throws InvalidConfigException {
    for (String name : names()) {
      if (!known.contains(name)) {
        throw new InvalidConfigException(
            "%s: there is no such field; allowed are %s."
                .formatted(path(printable(name)), String.join(", ", known)));
      }
    }
  }

  /** The refusal of a field's value that a caller finds impossible. */
  public InvalidConfigException refuse(String name, String allowed) {
    return bad(path(name), find(name), allowed);
  }

  private static InvalidConfigException bad(String path, JsonNode found, String allowed) {
    String quote = found.isMissingNode() ? "nothing" : printable(found.toString());
    return new InvalidConfigException(
        "%s: found %s; allowed is %s.".formatted(path, quote, allowed));
  }

  private static String printable(String text) {
    String line =
        text.codePoints().anyMatch(Character::isISOControl)
            ? text.replaceAll("\\p{Cntrl}", "?")
            : text;
    return line.length() > LONGEST_QUOTE ? line.substring(0, LONGEST_QUOTE) + "..." : line;
  }
}
