package org.vivarium.images.oci;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.vivarium.images.ImageException;

/** Reads the part of an image's configuration that says how to run it. */
final class ConfigJson {
  private ConfigJson() {}

  /**
   * Reads the object "config".
   *
   * @throws ImageException if a word could not be passed to a process
   */
  static ImageConfig read(JsonNode config) throws ImageException {
    String folder = config.path("WorkingDir").asText("");
    List<String> ports = new ArrayList<>();
    config.path("ExposedPorts").fieldNames().forEachRemaining(ports::add);
    return new ImageConfig(
        words(config, "Entrypoint"),
        words(config, "Cmd"),
        words(config, "Env"),
        word(folder.startsWith("/") ? folder : "/" + folder),
        word(config.path("User").asText("")),
        ports);
  }

  private static List<String> words(JsonNode config, String name) throws ImageException {
    List<String> words = new ArrayList<>();
    for (JsonNode element : config.path(name)) {
      words.add(word(element.asText()));
    }
    return words;
  }

  private static String word(String text) throws ImageException {
    if (text.indexOf('\0') >= 0) {
      throw new ImageException("The image's configuration holds a word with a zero byte.");
    }
    return text;
  }
}
