package org.vivarium.images.catalog;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.ImageException;
import org.vivarium.images.store.Download;
import org.vivarium.images.store.Gpgv;
import org.vivarium.images.store.Tool;

/**
 * What tells whether a download is what its publisher offers: its digest, or the publisher's list
 * of digests, which may be signed.
 *
 * @param digest SHA-256 or SHA-512, 64 or 128 hexadecimal digits; empty where the list has it
 * @param checksums where the list is, in the form of sha256sum, with or without --tag; else null
 * @param signature where the list's signature is; null where the list holds it itself, or has none
 * @param keyring the keys of those who may sign the list, or null where nobody has to
 */
public record ImageCheck(
    String digest, @Nullable URI checksums, @Nullable URI signature, @Nullable Path keyring) {
  private static final long MAX_LIST = 1 << 20;
  private static final String HEX = "([0-9a-f]{64}|[0-9a-f]{128})";

  /** "HEX NAME", "HEX *NAME", or "HEX" for the only file. */
  private static final Pattern LINE = Pattern.compile(HEX + "(?:[ \\t]+[*]?(\\S+))?");

  private static final Pattern TAGGED =
      Pattern.compile("SHA(?:256|512) \\((\\S+)\\) = " + HEX, Pattern.CASE_INSENSITIVE);

  /** A digest that the entry has. */
  static ImageCheck of(String digest) {
    return new ImageCheck(digest, null, null, null);
  }

  /** What is checked, for people. */
  String described() {
    String kind = digest.length() > 64 ? "SHA-512" : "SHA-256";
    if (checksums == null) {
      return "The download's %s is compared with the one in the entry.".formatted(kind);
    }
    return keyring == null
        ? "The download is compared with the publisher's list of checksums, which is not signed."
        : "The download is compared with the publisher's list of checksums, and its signature checked.";
  }

  /**
   * Returns the digest that an image must have, fetching the list where it takes one.
   *
   * @param image the image's address
   * @param folder where files are put meanwhile
   * @throws ImageException if the list cannot be had, is not signed as it should be, or does not
   *     name the image
   */
  String expected(URI image, Path folder, Map<String, String> environment)
      throws ImageException, IOException {
    if (checksums == null) {
      return digest;
    }
    Path list = folder.resolve("checksums");
    fetch(checksums, list);
    Path text = keyring == null ? list : signed(list, folder, environment);
    String path = image.getPath();
    String name = path.substring(path.lastIndexOf('/') + 1);
    return find(Files.readString(text, StandardCharsets.ISO_8859_1), name)
        .orElseThrow(
            () ->
                new ImageException(
                    "The list %s has no SHA-256 or SHA-512 of %s.".formatted(checksums, name)));
  }

  /** Returns the file with what is signed of a list, which may be less than the list holds. */
  private Path signed(Path list, Path folder, Map<String, String> environment)
      throws ImageException, IOException {
    Path keys = java.util.Objects.requireNonNull(keyring);
    Optional<Path> gpgv = Tool.find("gpgv", environment);
    if (gpgv.isEmpty() || !Files.exists(keys)) {
      throw new ImageException(
          "Checking the signature of %s takes the keyring %s and the package gpgv."
              .formatted(checksums, keys));
    }
    Path signed = folder.resolve("signed");
    @Nullable Path detached = null;
    if (signature != null) {
      detached = folder.resolve("signature");
      fetch(signature, detached);
      signed = list;
    }
    Gpgv check = new Gpgv(gpgv.get(), keys);
    if (!check.accepts(list, detached, detached == null ? signed : null)) {
      throw new ImageException(
          "The list %s is not signed by a key in %s.".formatted(checksums, keys));
    }
    return signed;
  }

  private static void fetch(URI address, Path file) throws ImageException {
    try {
      new Download(address, file, MAX_LIST).run(_ -> {});
    } catch (IOException e) {
      throw new ImageException(
          "Cannot fetch %s (%s); check the network and the entry."
              .formatted(address, e.getMessage()),
          e);
    }
  }

  /** Finds a file's digest in a list; the longer one where it has both. */
  static Optional<String> find(String list, String name) {
    String found = "";
    for (String line : list.lines().map(String::strip).toList()) {
      Matcher tagged = TAGGED.matcher(line);
      Matcher plain = LINE.matcher(line);
      String digest = "";
      if (tagged.matches() && tagged.group(1).equals(name)) {
        digest = tagged.group(2).toLowerCase(Locale.ROOT);
      } else if (plain.matches() && (plain.group(2) == null || isNamed(plain.group(2), name))) {
        digest = plain.group(1);
      }
      found = digest.length() > found.length() ? digest : found;
    }
    return Optional.of(found).filter(digest -> !digest.isEmpty());
  }

  private static boolean isNamed(String path, String name) {
    return path.equals(name) || path.equals("./" + name);
  }

  /** Whether a file has a digest of either kind. */
  static boolean matches(Path file, String digest) throws IOException {
    MessageDigest made;
    try {
      made = MessageDigest.getInstance(digest.length() > 64 ? "SHA-512" : "SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256 and SHA-512", e);
    }
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), made)) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(made.digest()).equals(digest);
  }
}
