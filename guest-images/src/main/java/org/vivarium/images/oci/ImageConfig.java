package org.vivarium.images.oci;

import java.util.ArrayList;
import java.util.List;

/**
 * How an image wants to be run (OCI image-spec, config.md, "config").
 *
 * @param entrypoint first words of the process, or empty
 * @param command further words, which a user may replace
 * @param environment as NAME=VALUE
 * @param workingFolder absolute
 * @param user as USER, USER:GROUP, by name or number, or empty for root
 * @param exposedPorts as "80/tcp"
 */
public record ImageConfig(
    List<String> entrypoint,
    List<String> command,
    List<String> environment,
    String workingFolder,
    String user,
    List<String> exposedPorts) {
  /** Where programs are looked for if the image does not say. */
  public static final String DEFAULT_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  /** Copies the lists. */
  public ImageConfig {
    entrypoint = List.copyOf(entrypoint);
    command = List.copyOf(command);
    environment = List.copyOf(environment);
    exposedPorts = List.copyOf(exposedPorts);
  }

  /**
   * The process's words: the entry point, and the user's words or else the image's.
   *
   * @param words the user's, or empty
   * @return empty if the image names no process either
   */
  public List<String> process(List<String> words) {
    List<String> process = new ArrayList<>(entrypoint);
    process.addAll(words.isEmpty() ? command : words);
    return process;
  }

  /** The folders in which programs are looked for. */
  public String path() {
    return environment.stream()
        .filter(variable -> variable.startsWith("PATH="))
        .findFirst()
        .map(variable -> variable.substring("PATH=".length()))
        .orElse(DEFAULT_PATH);
  }
}
