package org.vivarium.images.deb;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.XZInputStream;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.io.BoundedStream;
import org.vivarium.images.store.Download;

/**
 * The packages of a Debian mirror that the user named, fetched over HTTP.
 *
 * <p>Each package is checked against the index, the index against the suite's Release file, and the
 * signature of that file by gpgv where it and Debian's keyring are there. Where they are not,
 * whoever refreshes the index is told.
 */
public final class MirrorPackageSource implements PackageSource {
  /** The index of one suite, compressed: Debian's main takes 9 MB. */
  private static final long MAX_INDEX = 256L << 20;

  private static final long MAX_UNPACKED_INDEX = 2L << 30;
  private static final int XZ_MEMORY_KIB = 128 << 10;
  private static final String INDEX = "main/binary-amd64/Packages.xz";

  private final String mirror;
  private final List<String> suites;
  private final Path work;
  private final Optional<ReleaseSignature> signature;
  private @Nullable PackageIndex index;

  /**
   * @param mirror the address below which dists/ and pool/ lie, http or https
   * @param suites "bookworm", "bookworm-updates"; at least one
   * @param work a folder of its own, made when needed
   * @param signature what checks the Release files, if anything does
   */
  MirrorPackageSource(
      URI mirror, List<String> suites, Path work, Optional<ReleaseSignature> signature) {
    String scheme = String.valueOf(mirror.getScheme()).toLowerCase(Locale.ROOT);
    if (!List.of("http", "https").contains(scheme) || mirror.getHost() == null) {
      throw new IllegalArgumentException("a mirror's address begins with http:// or https://");
    }
    if (suites.isEmpty() || !suites.stream().allMatch(s -> s.matches("[a-z0-9][a-z0-9./-]*"))) {
      throw new IllegalArgumentException("a suite is a word as bookworm or bookworm-updates");
    }
    this.mirror = mirror.toString().replaceAll("/+$", "");
    this.suites = List.copyOf(suites);
    this.work = work.toAbsolutePath();
    this.signature = signature;
  }

  @Override
  public Optional<DebPackage> find(String name) throws ImageException {
    PackageIndex known = index;
    if (known == null) {
      known = readIndexes();
      index = known;
    }
    return known.find(name);
  }

  @Override
  public void fetch(DebPackage wanted, Path target, Progress progress) throws ImageException {
    PackageFile.checkSize(wanted);
    if (wanted.filename().contains("..") || wanted.filename().startsWith("/")) {
      throw new ImageException(
          "The mirror's index names the file %s, outside of the mirror; use another mirror."
              .formatted(wanted.filename()));
    }
    Path part = work.resolve(wanted.sha256() + ".part");
    URI address = address(wanted.filename());
    String step = "Fetching " + wanted.name();
    try {
      Files.createDirectories(work);
      Download download = new Download(address, part, wanted.size());
      boolean resumed = Files.exists(part);
      download.run((done) -> progress.advanced(step, done, wanted.size()));
      if (resumed && !PackageFile.isWhole(part, wanted.size(), wanted.sha256())) {
        // What was there before may have been of another file: once more from the start.
        Files.deleteIfExists(part);
        download.run((done) -> progress.advanced(step, done, wanted.size()));
      }
      PackageFile.accept(wanted, part, target);
    } catch (IOException e) {
      throw new ImageException(cannotFetch(address, e), e);
    }
  }

  @Override
  public void refresh(Progress progress) throws ImageException {
    progress.advanced(
        signature.isPresent()
            ? "Reading the package lists"
            : "Reading the package lists, whose signature nothing here checks",
        0,
        0);
    for (String suite : suites) {
      Path file = indexFile(suite);
      URI address = address("dists/" + suite + "/" + INDEX);
      try {
        Files.createDirectories(work);
        String sha256 = promisedIndex(suite);
        if (Files.exists(file) && Sha256.of(file).equals(sha256)) {
          continue;
        }
        Path part = work.resolve("Packages.part");
        Files.deleteIfExists(part);
        new Download(address, part, MAX_INDEX).run(done -> {});
        if (!Sha256.of(part).equals(sha256)) {
          throw new ImageException(
              "The file %s does not match its checksum; the mirror may be changing: try later."
                  .formatted(address));
        }
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        throw new ImageException(cannotFetch(address, e), e);
      }
    }
    index = null;
  }

  @Override
  public String indexState() {
    StringBuilder state = new StringBuilder("mirror " + mirror);
    for (String suite : suites) {
      try {
        long time = Files.getLastModifiedTime(indexFile(suite)).toMillis();
        state.append(' ').append(time);
      } catch (IOException _) {
        // Not fetched yet; the first look-up fetches it.
        state.append(" none");
      }
    }
    return state.toString();
  }

  private PackageIndex readIndexes() throws ImageException {
    if (!suites.stream().allMatch(suite -> Files.exists(indexFile(suite)))) {
      refresh(Progress.NONE);
    }
    PackageIndex read = new PackageIndex();
    for (String suite : suites) {
      Path file = indexFile(suite);
      try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
          InputStream text =
              new BoundedStream(new XZInputStream(in, XZ_MEMORY_KIB), MAX_UNPACKED_INDEX)) {
        read.read(new BufferedReader(new InputStreamReader(text, StandardCharsets.UTF_8)));
      } catch (IOException e) {
        throw new ImageException(
            "Cannot read the package index %s (%s); delete it and try again."
                .formatted(file, e.getMessage()),
            e);
      }
    }
    return read;
  }

  /** Returns the SHA-256 of the index that the suite's Release file promises. */
  private String promisedIndex(String suite) throws ImageException {
    URI address = address("dists/" + suite + "/Release");
    Path part = work.resolve("Release.part");
    String release;
    try {
      Files.deleteIfExists(part);
      new Download(address, part, MAX_INDEX).run(done -> {});
      if (signature.isPresent()) {
        check(signature.get(), part, address);
      }
      release = Files.readString(part, StandardCharsets.UTF_8);
      Files.deleteIfExists(part);
    } catch (IOException e) {
      throw new ImageException(cannotFetch(address, e), e);
    }
    Pattern line = Pattern.compile("(?m)^ ([0-9a-f]{64}) +\\d+ " + Pattern.quote(INDEX) + "$");
    Matcher found = line.matcher(release);
    if (!found.find()) {
      throw new ImageException(
          "The file %s names no %s; check the suite's name.".formatted(address, INDEX));
    }
    return found.group(1);
  }

  private void check(ReleaseSignature signed, Path release, URI address)
      throws ImageException, IOException {
    Path part = work.resolve("Release.gpg.part");
    Files.deleteIfExists(part);
    try {
      new Download(URI.create(address + ".gpg"), part, MAX_INDEX).run(done -> {});
      signed.check(release, part, address);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private Path indexFile(String suite) {
    return work.resolve("Packages-" + suite.replace('/', '_') + ".xz");
  }

  private URI address(String path) throws ImageException {
    try {
      return URI.create(mirror + "/" + path.replace("+", "%2b").replace("~", "%7e"));
    } catch (IllegalArgumentException e) {
      throw new ImageException(
          "The mirror's index names the malformed file %s.".formatted(path), e);
    }
  }

  private static String cannotFetch(URI address, IOException e) {
    return "Cannot fetch %s (%s); check the network and the mirror's address."
        .formatted(address, e.getMessage());
  }
}
