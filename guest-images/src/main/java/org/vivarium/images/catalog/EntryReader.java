package org.vivarium.images.catalog;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.ImageException;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImageException;

/** Reads entries of the catalogue from JSON: one object, or an array of them. Stateless. */
final class EntryReader {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  static {
    JSON.getFactory()
        .setStreamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(8).build());
  }

  private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9.-]{0,63}");
  private static final Pattern WORD = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern LONG_DIGEST = Pattern.compile("[0-9a-f]{128}");
  private static final Pattern PACKAGE = Pattern.compile("[a-z0-9][a-z0-9+.-]{1,99}");
  private static final Pattern USER = Pattern.compile("[a-z_][a-z0-9_-]{0,31}");
  private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cntrl}]");
  private static final int MAX_TEXT = 2000;
  private static final int MAX_ENTRIES = 1000;
  private static final long MAX_BYTES = 1L << 50;

  private final String where;
  private final boolean own;

  /**
   * @param where the file's name, for messages
   * @param own whether the entries are the user's
   */
  EntryReader(String where, boolean own) {
    this.where = where;
    this.own = own;
  }

  /**
   * Reads the entries of a file.
   *
   * @throws ImageException naming the file, the field, what was found and what is allowed
   */
  List<CatalogueEntry> read(byte[] json) throws ImageException {
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      JsonLocation location = e.getLocation();
      throw new ImageException(
          "The catalogue file %s is not JSON: %s (line %d)."
              .formatted(
                  where,
                  firstLine(e.getOriginalMessage()),
                  location == null ? 1 : location.getLineNr()),
          e);
    } catch (java.io.IOException e) {
      throw new ImageException("The catalogue file %s is unreadable.".formatted(where), e);
    }
    List<CatalogueEntry> entries = new ArrayList<>();
    if (root.isArray() && root.size() <= MAX_ENTRIES) {
      for (JsonNode node : root) {
        entries.add(entry(node));
      }
    } else {
      entries.add(entry(root));
    }
    return entries;
  }

  private CatalogueEntry entry(JsonNode node) throws ImageException {
    if (!node.isObject()) {
      throw wrong("must hold an object, or an array of at most %d.".formatted(MAX_ENTRIES));
    }
    Fields fields = new Fields(node);
    String id = fields.matching("id", ID, "a word of a-z, 0-9, '.' and '-'");
    GuestRecipe recipe = recipe(fields);
    boolean disk = !(recipe instanceof GuestRecipe.Tiny);
    CatalogueEntry.Defaults defaults =
        new CatalogueEntry.Defaults(
            (int) fields.number("cpus", 1, 64, 1L),
            (int) fields.number("memoryMib", 32, 524288, 512L),
            disk ? (int) fields.number("diskMib", 16, 64L << 20, 8192L) : 0);
    CatalogueEntry entry =
        new CatalogueEntry(
            id,
            fields.text("title", id),
            fields.text("description", ""),
            recipe,
            defaults,
            user(fields),
            fields.text("login", ""),
            fields.text("verified", verified(recipe)),
            fields.number("downloadBytes", 0, MAX_BYTES, 0L),
            fields.number("diskBytes", 0, MAX_BYTES, 0L),
            own);
    fields.refuseOthers();
    return entry;
  }

  private String user(Fields fields) throws ImageException {
    String user = fields.text("user", "");
    if (!user.isEmpty() && !USER.matcher(user).matches()) {
      throw wrong("has the user \"%s\", which is no user's name.".formatted(user));
    }
    return user;
  }

  private static String verified(GuestRecipe recipe) {
    return recipe instanceof GuestRecipe.Image image ? image.check().described() : "";
  }

  private GuestRecipe recipe(Fields fields) throws ImageException {
    String kind = fields.text("kind", null);
    return switch (kind) {
      case "tiny" ->
          new GuestRecipe.Tiny(fields.matching("flavour", WORD, "a flavour, as \"cloud\""));
      case "debian" ->
          new GuestRecipe.Debian(
              fields.matching("suite", WORD, "a suite, as \"bookworm\""), packages(fields));
      case "image" ->
          new GuestRecipe.Image(address(fields.text("url", null)), check(fields), format(fields));
      case "disk" -> new GuestRecipe.Disk(path(fields.text("file", null)), format(fields));
      default ->
          throw wrong("has the kind \"%s\", not one of tiny, debian, image, disk.".formatted(kind));
    };
  }

  /** One of sha256, sha512 and checksums; the others belong to the last. */
  private ImageCheck check(Fields fields) throws ImageException {
    String list = fields.text("checksums", "");
    String signature = fields.text("signature", "");
    String keyring = fields.text("keyring", "");
    boolean longer = fields.has("sha512");
    if ((fields.has("sha256") ? 1 : 0) + (longer ? 1 : 0) + (list.isEmpty() ? 0 : 1) != 1) {
      throw wrong("must have one of sha256, sha512 and checksums in an image's entry.");
    }
    if (!list.isEmpty() && (signature.isEmpty() || !keyring.isEmpty())) {
      return new ImageCheck(
          "",
          address(list),
          signature.isEmpty() ? null : address(signature),
          keyring.isEmpty() ? null : path(keyring));
    }
    if (!signature.isEmpty() || !keyring.isEmpty()) {
      throw wrong("must have checksums and a keyring where it has a signature.");
    }
    return ImageCheck.of(
        longer
            ? fields.matching("sha512", LONG_DIGEST, "128 hexadecimal digits, in small letters")
            : fields.matching("sha256", DIGEST, "64 hexadecimal digits, in small letters"));
  }

  private List<String> packages(Fields fields) throws ImageException {
    String text = fields.text("packages", "").strip();
    List<String> packages = text.isEmpty() ? List.of() : List.of(text.split(" +"));
    for (String name : packages) {
      if (!PACKAGE.matcher(name).matches()) {
        throw wrong("has the packages \"%s\", not names with spaces between.".formatted(text));
      }
    }
    return packages;
  }

  private URI address(String text) throws ImageException {
    try {
      URI address = URI.create(text);
      String scheme = String.valueOf(address.getScheme()).toLowerCase(Locale.ROOT);
      if (List.of("http", "https").contains(scheme) && address.getHost() != null) {
        return address;
      }
    } catch (IllegalArgumentException _) {
      // The sentence below serves here too.
    }
    throw wrong("has the url \"%s\", which must begin with http:// or https://.".formatted(text));
  }

  private Path path(String text) throws ImageException {
    try {
      Path path = Path.of(text);
      if (path.isAbsolute()) {
        return path.normalize();
      }
    } catch (InvalidPathException _) {
      // The sentence below serves here too.
    }
    throw wrong("has the file \"%s\", which must be an absolute path.".formatted(text));
  }

  private DiskFormat format(Fields fields) throws ImageException {
    String format = fields.text("format", null);
    try {
      return DiskFormat.of(format);
    } catch (DiskImageException e) {
      throw new ImageException(
          "The catalogue file %s has the format \"%s\", not one of raw, qcow2."
              .formatted(where, format),
          e);
    }
  }

  private ImageException wrong(String what) {
    return new ImageException(
        "The catalogue file %s %s".formatted(where, UNPRINTABLE.matcher(what).replaceAll("?")));
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("").strip();
  }

  /** The fields of one entry, each asked for by name; what no one asked for is refused. */
  private final class Fields {
    private final JsonNode node;
    private final Set<String> asked = new HashSet<>();

    Fields(JsonNode node) {
      this.node = node;
    }

    /** Returns a text, or the default where there is none; without a default it must be there. */
    String text(String name, @Nullable String otherwise) throws ImageException {
      asked.add(name);
      JsonNode value = node.get(name);
      if (value == null && otherwise != null) {
        return otherwise;
      }
      if (value == null) {
        throw wrong("lacks the field \"%s\".".formatted(name));
      }
      if (!value.isTextual()
          || value.textValue().length() > MAX_TEXT
          || UNPRINTABLE.matcher(value.textValue()).find()) {
        throw wrong(
            "has a field \"%s\" that is not a line of text of at most %d characters."
                .formatted(name, MAX_TEXT));
      }
      return value.textValue();
    }

    boolean has(String name) {
      return node.has(name);
    }

    String matching(String name, Pattern allowed, String what) throws ImageException {
      String value = text(name, null);
      if (!allowed.matcher(value).matches()) {
        throw wrong("has the %s \"%s\", which must be %s.".formatted(name, value, what));
      }
      return value;
    }

    long number(String name, long least, long most, long otherwise) throws ImageException {
      asked.add(name);
      JsonNode value = node.get(name);
      if (value == null) {
        return otherwise;
      }
      if (!value.isIntegralNumber()
          || !value.canConvertToLong()
          || value.longValue() < least
          || value.longValue() > most) {
        throw wrong(
            "has the %s %s, which must be a number from %d to %d."
                .formatted(name, shortened(value), least, most));
      }
      return value.longValue();
    }

    private String shortened(JsonNode value) {
      String text = value.toString();
      return text.length() > 40 ? text.substring(0, 40) + "..." : text;
    }

    void refuseOthers() throws ImageException {
      for (var names = node.fieldNames(); names.hasNext(); ) {
        String name = names.next();
        if (!asked.contains(name)) {
          throw wrong("has the field \"%s\", which this version does not know.".formatted(name));
        }
      }
    }
  }
}
