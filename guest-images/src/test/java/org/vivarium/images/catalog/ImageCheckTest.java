package org.vivarium.images.catalog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.store.Tool;

/**
 * The lists in the test's resources are of a disk of 1 MiB of zeros, signed by keyring.gpg's key.
 */
class ImageCheckTest {
  private static final List<String> RESOURCES =
      List.of(
          "SHA256SUMS", "SHA256SUMS.gpg", "SHA256SUMS.other.gpg", "CHECKSUM", "disk.raw.sha512");

  @TempDir Path home;
  private final Map<String, byte[]> served = new ConcurrentHashMap<>();
  private HttpServer server;

  @BeforeEach
  void startServer() throws IOException {
    served.put("/disk.raw", new byte[1 << 20]);
    for (String name : RESOURCES) {
      served.put("/" + name, resource(name));
    }
    Files.write(home.resolve("keyring.gpg"), resource("keyring.gpg"));
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            byte[] body = served.get(exchange.getRequestURI().getPath());
            exchange.sendResponseHeaders(body == null ? 404 : 200, body == null ? -1 : body.length);
            if (body != null) {
              exchange.getResponseBody().write(body);
            }
          }
        });
    server.start();
  }

  @AfterEach
  void stopServer() {
    server.stop(0);
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(ImageCheckTest.class.getResourceAsStream(name), name)) {
      return in.readAllBytes();
    }
  }

  /** Makes the image of an entry with these fields, where "@" is the server and "~" the home. */
  private PreparedGuest prepare(String fields) throws ImageException {
    String here = "http://127.0.0.1:%d/".formatted(server.getAddress().getPort());
    String json =
        "{'id': 'image', 'kind': 'image', 'format': 'raw', 'url': '@disk.raw', %s}"
            .formatted(fields)
            .replace('\'', '"')
            .replace("@", here)
            .replace("~", home.toString());
    Catalogue catalogue = Catalogue.open(home, System.getenv());
    catalogue.add(json.getBytes(StandardCharsets.UTF_8));
    Catalogue reopened = Catalogue.open(home, System.getenv());
    assertEquals(List.of(), reopened.problems());
    return reopened.prepare(reopened.entry("image"), Progress.NONE);
  }

  private String refusal(String fields) {
    return String.valueOf(assertThrows(ImageException.class, () -> prepare(fields)).getMessage());
  }

  private static void needGpgv() {
    assumeTrue(Tool.find("gpgv", System.getenv()).isPresent(), "gpgv is not here");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'checksums': '@SHA256SUMS'",
        "'checksums': '@CHECKSUM'",
        "'checksums': '@disk.raw.sha512'",
        "'checksums': '@SHA256SUMS', 'signature': '@SHA256SUMS.gpg', 'keyring': '~/keyring.gpg'",
        "'checksums': '@CHECKSUM', 'keyring': '~/keyring.gpg'"
      })
  void takesAnImageThatThePublishersListNames(String fields) throws Exception {
    needGpgv();

    PreparedGuest guest = prepare(fields);
    server.stop(0);

    assertEquals(1 << 20, Objects.requireNonNull(guest.base()).size());
    Catalogue again = Catalogue.open(home, System.getenv());
    assertEquals(guest.base(), again.prepare(again.entry("image"), Progress.NONE).base());
    assertEquals(List.of(), again.former().find());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'signature': '@SHA256SUMS.other.gpg', 'keyring': '~/keyring.gpg'|is not signed by a key in",
        "'keyring': '~/keyring.gpg'|is not signed by a key in",
        "'signature': '@nothing', 'keyring': '~/keyring.gpg'|the server answered 404",
        "'signature': '@SHA256SUMS.gpg', 'keyring': '~/none.gpg'|takes the keyring"
      },
      quoteCharacter = '"')
  void refusesAListThatIsNotSignedAsItShouldBe(String fields, String reason) {
    needGpgv();

    String refusal = refusal("'checksums': '@SHA256SUMS', " + fields);

    assertTrue(refusal.contains(reason), refusal);
    assertFalse(Files.exists(home.resolve("images/image/present")));
  }

  @Test
  void whatStandsBesideASignedTextDoesNotCount() throws Exception {
    needGpgv();
    String signed = new String(resource("CHECKSUM"), StandardCharsets.US_ASCII);
    served.put(
        "/CHECKSUM",
        ("SHA512 (disk.raw) = " + "0".repeat(128) + "\n" + signed)
            .getBytes(StandardCharsets.US_ASCII));

    PreparedGuest guest = prepare("'checksums': '@CHECKSUM', 'keyring': '~/keyring.gpg'");

    assertEquals(1 << 20, Objects.requireNonNull(guest.base()).size());
  }

  @Test
  void refusesAnImageThatIsNotTheListsOne() {
    served.put("/disk.raw", new byte[1 << 10]);

    String refusal = refusal("'checksums': '@SHA256SUMS'");

    assertTrue(refusal.contains("does not have the checksum"), refusal);
  }

  @Test
  void refusesAnImageThatTheListDoesNotName() {
    served.put(
        "/SHA256SUMS", ("1".repeat(64) + "  old-disk.raw\n").getBytes(StandardCharsets.US_ASCII));

    String refusal = refusal("'checksums': '@SHA256SUMS'");

    assertTrue(refusal.endsWith("has no SHA-256 or SHA-512 of disk.raw."), refusal);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'sha256': 'x'",
        "'title': 'none'",
        "'checksums': '@a', 'sha512': '@b'",
        "'checksums': '@a', 'signature': '@b'",
        "'checksums': 'file:///etc/passwd'",
        "'checksums': '@a', 'keyring': 'relative'"
      })
  void refusesAnEntryThatCannotBeChecked(String fields) {
    assertTrue(refusal(fields).startsWith("The catalogue file of the new entry "));
    assertFalse(Files.exists(home.resolve("catalogue")));
  }

  @Test
  void prefersTheLongerDigestOfAList() {
    String list =
        "1".repeat(64) + "  ./a\n" + "2".repeat(128) + " *a\nSHA256 (b) = " + "3".repeat(64);

    assertEquals(Optional.of("2".repeat(128)), ImageCheck.find(list, "a"));
    assertEquals(Optional.of("3".repeat(64)), ImageCheck.find(list, "b"));
    assertEquals(Optional.empty(), ImageCheck.find(list, "c"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"debian-12-cloud", "debian-13-cloud", "ubuntu-24.04"})
  void thePublishersListLiesBesideTheImageThatTheProgramNames(String id) throws Exception {
    GuestRecipe.Image image = image(id);

    assertEquals("https", image.address().getScheme());
    assertEquals(
        image.address().resolve("."),
        Objects.requireNonNull(image.check().checksums()).resolve("."));
  }

  @ParameterizedTest
  @CsvSource({
    "debian-12-cloud, 128, '%s  debian-12-genericcloud-amd64.json\n%s  %s\n'",
    "ubuntu-24.04, 64, '%s *ubuntu-24.04-server-cloudimg-amd64-root.tar.xz\n%s *%s\n'",
    "fedora-43, 64, '# size\nSHA256 (Fedora-Cloud-Base-UKI.qcow2) = %s\nSHA256 (%3$s) = %2$s\n'"
  })
  void itsDigestIsFoundInAListOfThePublishersForm(String id, int digits, String form)
      throws Exception {
    String path = image(id).address().getPath();
    String name = path.substring(path.lastIndexOf('/') + 1);
    String list = form.replace("\\n", "\n").formatted("a".repeat(digits), "b".repeat(digits), name);

    assertEquals(Optional.of("b".repeat(digits)), ImageCheck.find(list, name));
  }

  private GuestRecipe.Image image(String id) throws ImageException {
    return (GuestRecipe.Image) Catalogue.open(home, Map.of()).entry(id).recipe();
  }
}
