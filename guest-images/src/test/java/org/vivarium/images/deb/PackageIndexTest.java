package org.vivarium.images.deb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import org.junit.jupiter.api.Test;

class PackageIndexTest {
  private static final String SHA256 = "a".repeat(64);

  private static String stanza(String name, String version, String more) {
    return """
        Package: %s
        Version: %s
        Filename: pool/%s.deb
        Size: 10
        SHA256: %s
        %s

        """
        .formatted(name, version, name, SHA256, more);
  }

  private static PackageIndex read(String text) throws IOException {
    PackageIndex index = new PackageIndex();
    index.read(new BufferedReader(new StringReader(text)));
    return index;
  }

  @Test
  void aStanzaIsRead() throws Exception {
    String depends = "Depends: linux-image-6.1 (= 6.1-1), kmod | module-tools, libc6:any\n more";

    DebPackage found = read(stanza("linux", "6.1-1", depends)).find("linux").orElseThrow();

    assertEquals(
        new DebPackage(
            "linux",
            "6.1-1",
            List.of("linux-image-6.1", "kmod", "libc6"),
            "pool/linux.deb",
            10,
            SHA256),
        found);
  }

  @Test
  void theNewestVersionCounts() throws Exception {
    String text = stanza("aa", "1.9", "") + stanza("aa", "1.10", "") + stanza("aa", "1.2", "");

    assertEquals("1.10", read(text).find("aa").orElseThrow().version());
  }

  @Test
  void stanzasWithoutAFileAreLeftOut() throws Exception {
    assertTrue(read("Package: local\nVersion: 1\n\n").find("local").isEmpty());
    assertTrue(read("").find("local").isEmpty());
  }

  @Test
  void aMalformedStanzaIsRefused() {
    assertThrows(IOException.class, () -> read(stanza("a b", "1", "")));
    assertThrows(IOException.class, () -> read(stanza("ab", "1 2", "")));
    assertThrows(IOException.class, () -> read(stanza("ab", "1", "Size: -1")));
    assertThrows(IOException.class, () -> read(stanza("ab", "1", "Size: x")));
    assertThrows(IOException.class, () -> read(stanza("ab", "1", "SHA256: xyz")));
    assertThrows(IOException.class, () -> read("x".repeat((1 << 20) + 1)));
  }
}
