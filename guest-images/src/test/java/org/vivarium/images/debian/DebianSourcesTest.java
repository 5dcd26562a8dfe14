package org.vivarium.images.debian;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.vivarium.images.debian.DebianSources.Source;

class DebianSourcesTest {
  private static final List<Source> COMPUTER =
      List.of(
          new Source("http://mirror.example/security", "bookworm-security", "main"),
          new Source("http://tools.example", "stable-tools", "main"),
          new Source("http://mirror.example/debian", "bookworm-updates", "main"),
          new Source("http://mirror.example/debian", "bookworm", "contrib"),
          new Source("http://mirror.example/debian", "bookworm", "main"));

  @Test
  void takesTheComputersOwnSourcesForItsRelease() {
    assertEquals(
        List.of(
            new Source("http://mirror.example/debian", "bookworm", "main"),
            new Source("http://mirror.example/debian", "bookworm-updates", "main"),
            new Source("http://mirror.example/security", "bookworm-security", "main")),
        DebianSources.choose("bookworm", COMPUTER));
  }

  @Test
  void putsAnotherReleasesNameIntoThem() {
    assertEquals(
        List.of(
            new Source("http://mirror.example/debian", "trixie", "main"),
            new Source("http://mirror.example/debian", "trixie-updates", "main"),
            new Source("http://mirror.example/security", "trixie-security", "main")),
        DebianSources.choose("trixie", COMPUTER));
  }

  @Test
  void findsNoneOnAComputerOfAnotherDistribution() {
    assertEquals(
        List.of(),
        DebianSources.choose(
            "bookworm", List.of(new Source("http://mirror.example/ubuntu", "noble", "main"))));
  }
}
