package org.vivarium.images.deb;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vivarium.images.ImageException;

/** Chooses where packages come from on this computer. */
public final class PackageSources {
  /** Environment variable: a mirror's address and one or more suites, separated by spaces. */
  public static final String MIRROR_VARIABLE = "VIVARIUM_MIRROR";

  private PackageSources() {}

  /**
   * Returns the mirror that the user set, else apt.
   *
   * @param work a folder for indexes and half-made downloads, made when needed
   * @param environment the process's environment
   * @throws ImageException if no mirror is set and apt is not there, or the setting is malformed
   */
  public static PackageSource choose(Path work, Map<String, String> environment)
      throws ImageException {
    String mirror = environment.getOrDefault(MIRROR_VARIABLE, "").strip();
    if (!mirror.isEmpty()) {
      return mirror(work, mirror, ReleaseSignature.find(environment));
    }
    if (AptPackageSource.isAvailable(environment)) {
      return new AptPackageSource(work.resolve("apt"));
    }
    throw new ImageException(
        "No source of Debian packages was found: this computer has no apt; set %s to a Debian"
                .formatted(MIRROR_VARIABLE)
            + " mirror's address and suite, as \"https://MIRROR/debian bookworm\".");
  }

  private static PackageSource mirror(
      Path work, String setting, Optional<ReleaseSignature> signature) throws ImageException {
    List<String> words = List.of(setting.split("\\s+"));
    if (words.size() < 2) {
      throw new ImageException(
          "The variable %s is \"%s\", but must name a mirror's address and a suite, as"
                  .formatted(MIRROR_VARIABLE, setting)
              + " \"https://MIRROR/debian bookworm\".");
    }
    try {
      URI address = URI.create(words.getFirst());
      return new MirrorPackageSource(
          address, words.subList(1, words.size()), work.resolve("mirror"), signature);
    } catch (IllegalArgumentException e) {
      throw new ImageException(
          "The variable %s is \"%s\": %s.".formatted(MIRROR_VARIABLE, setting, e.getMessage()), e);
    }
  }
}
