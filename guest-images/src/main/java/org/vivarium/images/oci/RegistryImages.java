package org.vivarium.images.oci;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.Sha256;
import org.vivarium.images.store.Tool;

/**
 * Images of registries, fetched once by skopeo into OCI layouts. Any thread, and several processes
 * at once.
 */
public final class RegistryImages {
  /** A host with a dot or a port, or "localhost"; a path; a tag; a digest. */
  private static final Pattern REFERENCE =
      Pattern.compile(
          "(localhost|[a-z0-9-]+(\\.[a-z0-9-]+)+|[a-z0-9.-]+(?=:))(:[0-9]{1,5})?"
              + "(/[a-z0-9]+([._-]+[a-z0-9]+)*)+(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?"
              + "(@sha256:[0-9a-f]{64})?");

  /** This computer's own registries may be without TLS, as Docker has it. */
  private static final Pattern LOOPBACK = Pattern.compile("(localhost|127(\\.[0-9]+){3})[:/]");

  /** How skopeo logs: a line of fields, of which the message is the last. */
  private static final Pattern MESSAGE = Pattern.compile(".* msg=\"(.*)\"");

  private static final int MOST_SECONDS = 3600;

  private final Path folder;
  private final Map<String, String> environment;

  /**
   * @param imagesFolder where all images are kept
   * @param environment tells where programs are
   */
  public RegistryImages(Path imagesFolder, Map<String, String> environment) {
    this.folder = imagesFolder.toAbsolutePath().resolve("registry");
    this.environment = Map.copyOf(environment);
  }

  /** Whether a word names an image of a registry, as "docker.io/library/busybox", and no file. */
  public static boolean isReference(String word) {
    return REFERENCE.matcher(word).matches() && !Files.exists(Path.of(word));
  }

  /**
   * Returns the image's OCI layout, fetched unless it is there: a tag that has moved since is not
   * looked for again.
   *
   * @throws ImageException if skopeo is missing, or fails
   */
  public Path obtain(String reference, Progress progress) throws ImageException {
    MessageDigest digest = Sha256.digest();
    digest.update(reference.getBytes(StandardCharsets.UTF_8));
    Path layout = folder.resolve(Sha256.hex(digest));
    if (Files.exists(layout)) {
      return layout;
    }
    Optional<Path> skopeo = Tool.find("skopeo", environment);
    if (skopeo.isEmpty()) {
      throw new ImageException(
          "Fetching %s takes skopeo: install the package skopeo.".formatted(reference));
    }
    progress.advanced("Fetching " + reference, 0, 0);
    try {
      Files.createDirectories(folder);
      Path work = Files.createTempDirectory(folder, ".new.");
      try {
        copy(skopeo.get(), reference, work);
        Files.move(work.resolve("layout"), layout, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        DurableFiles.deleteFolder(work);
      }
      return layout;
    } catch (IOException e) {
      throw new ImageException(
          "The image %s cannot be written to %s (%s).".formatted(reference, folder, e.getMessage()),
          e);
    }
  }

  private static void copy(Path skopeo, String reference, Path work) throws ImageException {
    Tool tool = new Tool(work.resolve("skopeo.log"), MOST_SECONDS);
    List<String> command = new ArrayList<>(List.of(skopeo.toString(), "--override-os", "linux"));
    command.addAll(List.of("--override-arch", "amd64", "copy"));
    if (LOOPBACK.matcher(reference).lookingAt()) {
      command.add("--src-tls-verify=false");
    }
    command.addAll(List.of("docker://" + reference, "oci:" + work.resolve("layout") + ":latest"));
    if (tool.run(command, _ -> {}) != 0) {
      throw new ImageException(
          "The image %s cannot be fetched: skopeo said \"%s\"."
              .formatted(reference, reason(tool.tail())));
    }
  }

  /** The message of the last line. */
  private static String reason(String log) {
    String last = log.lines().reduce("", (_, line) -> line).strip();
    Matcher message = MESSAGE.matcher(last);
    return message.matches() ? message.group(1).replace("\\\"", "'") : last;
  }
}
