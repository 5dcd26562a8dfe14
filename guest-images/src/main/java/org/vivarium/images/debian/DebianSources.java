package org.vivarium.images.debian;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vivarium.images.ImageException;
import org.vivarium.images.deb.PackageSources;
import org.vivarium.images.store.Download;
import org.vivarium.images.store.Tool;

/**
 * Where a Debian release's packages come from: the mirror that the user named, else the sources of
 * this computer's apt, with the release's name in place of the computer's own.
 */
final class DebianSources {
  /** One source: a mirror's address, a suite such as "bookworm-updates", a component. */
  record Source(String address, String suite, String component) {}

  private static final Path KEYRING = Path.of("/usr/share/keyrings/debian-archive-keyring.gpg");
  private static final Pattern SUITE =
      Pattern.compile(
          "(bullseye|bookworm|trixie|forky|sid|oldstable|stable|testing|unstable)"
              + "(-updates|-security|)");
  private static final long MAX_RELEASE = 16 << 20;
  private static final long ASK_SECONDS = 60;

  private DebianSources() {}

  /**
   * Finds the sources of a release, as lines of apt's sources.list.
   *
   * @param folder for files that are needed meanwhile
   * @throws ImageException if there are none, or they do not have the release
   */
  static List<String> of(String suite, Map<String, String> environment, Path folder)
      throws ImageException {
    String mirror = environment.getOrDefault(PackageSources.MIRROR_VARIABLE, "").strip();
    List<Source> sources =
        mirror.isEmpty()
            ? choose(suite, configured(folder, environment))
            : List.of(new Source(mirror.split("\\s+")[0], suite, "main"));
    if (sources.isEmpty()) {
      throw new ImageException(
          "This computer's apt has no Debian among its sources; set %s to a Debian mirror's address"
                  .formatted(PackageSources.MIRROR_VARIABLE)
              + " and suite, as \"https://MIRROR/debian bookworm\".");
    }
    checkOffered(suite, sources.getFirst(), folder);
    String signed = Files.exists(KEYRING) ? "[signed-by=" + KEYRING + "] " : "";
    return sources.stream()
        .map(s -> "deb %s%s %s %s".formatted(signed, s.address(), s.suite(), s.component()))
        .toList();
  }

  /**
   * Picks from a computer's sources those of a release: as they are where the computer has it, else
   * those of another Debian release with the name replaced. The release itself comes first.
   */
  static List<Source> choose(String suite, List<Source> configured) {
    Set<Source> own = new LinkedHashSet<>();
    Set<Source> other = new LinkedHashSet<>();
    for (Source source : configured) {
      Matcher matcher = SUITE.matcher(source.suite());
      if (matcher.matches()) {
        boolean same = matcher.group(1).equals(suite);
        (same ? own : other)
            .add(new Source(source.address(), suite + matcher.group(2), source.component()));
      }
    }
    List<Source> chosen = new ArrayList<>(own.isEmpty() ? other : own);
    chosen.removeIf(s -> !s.component().equals("main"));
    chosen.sort((a, b) -> Integer.compare(a.suite().length(), b.suite().length()));
    return !chosen.isEmpty() && chosen.getFirst().suite().equals(suite) ? chosen : List.of();
  }

  private static List<Source> configured(Path folder, Map<String, String> environment)
      throws ImageException {
    Optional<Path> apt = Tool.find("apt-get", environment);
    if (apt.isEmpty()) {
      return List.of();
    }
    Path answer = folder.resolve("sources.txt");
    List<String> command = new ArrayList<>(List.of(apt.get().toString(), "indextargets"));
    command.addAll(List.of("--no-release-info", "--format"));
    command.addAll(List.of("$(REPO_URI) $(RELEASE) $(COMPONENT)", "Identifier: Packages"));
    new Tool(answer, ASK_SECONDS).run(command, _ -> {});
    List<Source> sources = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(answer)) {
        String[] words = line.split(" ");
        if (words.length == 3 && words[0].contains(":/")) {
          sources.add(new Source(words[0], words[1], words[2]));
        }
      }
    } catch (IOException e) {
      throw new ImageException("Cannot read the answer of apt-get in %s.".formatted(answer), e);
    }
    return sources;
  }

  /** Asks a mirror for the release before minutes go into finding out that it has none. */
  private static void checkOffered(String suite, Source source, Path folder) throws ImageException {
    if (!source.address().startsWith("http")) {
      return;
    }
    String base = source.address().replaceAll("/+$", "");
    try {
      URI release = URI.create(base + "/dists/" + suite + "/InRelease");
      new Download(release, folder.resolve("InRelease"), MAX_RELEASE).run(_ -> {});
    } catch (IllegalArgumentException | IOException e) {
      throw new ImageException(
          "The package source %s does not offer Debian \"%s\" now (%s); check the network and the"
                  .formatted(base, suite, e.getMessage())
              + " sources of apt.",
          e);
    }
  }
}
