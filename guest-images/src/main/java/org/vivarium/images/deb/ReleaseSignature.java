package org.vivarium.images.deb;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.vivarium.images.ImageException;
import org.vivarium.images.store.Gpgv;
import org.vivarium.images.store.Tool;

/**
 * Checks who signed a suite's Release file, as apt does: by gpgv with a keyring.
 *
 * @param gpgv the program
 * @param keyring the keys of those who may sign
 */
record ReleaseSignature(Path gpgv, Path keyring) {
  /** A keyring of the user's choice, or "none". */
  static final String VARIABLE = "VIVARIUM_MIRROR_KEYRING";

  private static final String NONE = "none";
  private static final Path DEBIAN = Path.of("/usr/share/keyrings/debian-archive-keyring.gpg");

  /**
   * Finds what a check takes.
   *
   * @return empty if the program or Debian's keyring is missing, or the user wants no check
   * @throws ImageException if the keyring that the user named is missing
   */
  static Optional<ReleaseSignature> find(Map<String, String> environment) throws ImageException {
    String named = environment.getOrDefault(VARIABLE, "").strip();
    if (named.equals(NONE)) {
      return Optional.empty();
    }
    Path keyring = named.isEmpty() ? DEBIAN : Path.of(named);
    Optional<Path> gpgv = Tool.find("gpgv", environment);
    if (!named.isEmpty() && (gpgv.isEmpty() || !Files.exists(keyring))) {
      throw new ImageException(
          "The variable %s is \"%s\": checking signatures takes that file and the package gpgv."
              .formatted(VARIABLE, named));
    }
    return gpgv.filter(_ -> Files.exists(keyring))
        .map(program -> new ReleaseSignature(program, keyring));
  }

  /**
   * Checks a file.
   *
   * @param address where the file was fetched, for the message
   * @throws ImageException if nobody signed it whose key is in the keyring
   */
  void check(Path release, Path signature, URI address) throws ImageException, IOException {
    if (!new Gpgv(gpgv, keyring).accepts(release, signature, null)) {
      throw new ImageException(
          "The file %s is not signed by a key in %s; use another mirror, or name its keyring in %s."
              .formatted(address, keyring, VARIABLE));
    }
  }
}
