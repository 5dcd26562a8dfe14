package org.vivarium.images.deb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.store.Tool;

class MirrorPackageSourceTest {
  private static final String POOL = "pool/main/t/tool_1.0+b1_amd64.deb";

  @TempDir Path folder;
  private final Map<String, byte[]> files = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final byte[] deb = new byte[100_000];

  /** Bytes after which the server hangs up, for one request. */
  private volatile int hangUpAfter = Integer.MAX_VALUE;

  private HttpServer server;
  private MirrorPackageSource source;

  @BeforeEach
  void serve() throws IOException {
    for (int i = 0; i < deb.length; i++) {
      deb[i] = (byte) (i * 7 + (i >> 8));
    }
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/debian/", this::answer);
    server.start();
    publish(POOL, deb);
    source = source("bookworm");
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private MirrorPackageSource source(String suite) {
    return source(suite, Optional.empty());
  }

  private MirrorPackageSource source(String suite, Optional<ReleaseSignature> signature) {
    URI address = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/debian/");
    return new MirrorPackageSource(address, List.of(suite), folder.resolve("work"), signature);
  }

  /** Puts a package and the indexes that lead to it on the mirror. */
  private void publish(String filename, byte[] content) {
    String stanza =
        "Package: tool\nVersion: 1.0+b1\nFilename: %s\nSize: %d\nSHA256: %s\n"
            .formatted(filename, content.length, sha256(content));
    byte[] index = DebFixture.compress(".xz", stanza.getBytes(StandardCharsets.UTF_8));
    String release =
        "SHA256:\n %s %d main/binary-amd64/Packages.xz\n".formatted(sha256(index), index.length);
    files.put("/debian/" + filename, content);
    files.put("/debian/dists/bookworm/main/binary-amd64/Packages.xz", index);
    files.put("/debian/dists/bookworm/Release", release.getBytes(StandardCharsets.UTF_8));
  }

  private static String sha256(byte[] bytes) {
    MessageDigest digest = Sha256.digest();
    digest.update(bytes);
    return Sha256.hex(digest);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    requests.add(exchange.getRequestURI().getPath() + (range == null ? "" : " " + range));
    byte[] content = files.get(exchange.getRequestURI().getPath());
    try (exchange) {
      if (content == null) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      int from = 0;
      if (range != null) {
        from = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
        String part = "bytes %d-%d/%d".formatted(from, content.length - 1, content.length);
        exchange.getResponseHeaders().add("Content-Range", part);
      }
      byte[] rest = Arrays.copyOfRange(content, from, content.length);
      int sent = Math.min(rest.length, hangUpAfter);
      hangUpAfter = Integer.MAX_VALUE;
      exchange.sendResponseHeaders(range == null ? 200 : 206, rest.length);
      exchange.getResponseBody().write(rest, 0, sent);
    }
  }

  private DebPackage tool() throws ImageException {
    return source.find("tool").orElseThrow();
  }

  private Path part() throws ImageException {
    return folder.resolve("work").resolve(tool().sha256() + ".part");
  }

  private void gpg(String... words) throws Exception {
    List<String> command = new ArrayList<>(List.of("gpg", "--homedir", gpgHome().toString()));
    command.addAll(List.of("--batch", "--pinentry-mode", "loopback", "--passphrase", ""));
    command.addAll(List.of(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
  }

  private Path gpgHome() throws IOException {
    Path home = Files.createDirectories(folder.resolve("gpg"));
    Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx------"));
    return home;
  }

  @Test
  void aReleaseFileIsTakenOnlyFromThoseWhoseKeyIsKnown() throws Exception {
    Optional<Path> gpgv = Tool.find("gpgv", System.getenv());
    assumeTrue(
        gpgv.isPresent() && Tool.find("gpg", System.getenv()).isPresent(), "needs gpg and gpgv");
    Path release = folder.resolve("Release");
    Path keyring = folder.resolve("keyring.gpg");
    Files.write(release, files.get("/debian/dists/bookworm/Release"));
    try {
      gpg("--quick-gen-key", "mirror@example", "ed25519", "sign", "never");
      gpg("--output", keyring.toString(), "--export");
      gpg("--output", release + ".gpg", "--detach-sign", release.toString());
    } finally {
      new ProcessBuilder("gpgconf", "--homedir", gpgHome().toString(), "--kill", "all")
          .start()
          .waitFor();
    }
    source = source("bookworm", Optional.of(new ReleaseSignature(gpgv.get(), keyring)));

    assertThrows(ImageException.class, this::tool, "no signature at all");
    files.put("/debian/dists/bookworm/Release.gpg", Files.readAllBytes(Path.of(release + ".gpg")));
    assertEquals("1.0+b1", tool().version());
    publish("pool/other.deb", new byte[10]);
    ImageException refusal =
        assertThrows(ImageException.class, () -> source.refresh(Progress.NONE));
    assertTrue(refusal.getMessage().contains("is not signed by a key in"), refusal.getMessage());
  }

  @Test
  void aPackageIsFoundAndFetched() throws Exception {
    Path target = folder.resolve("tool.deb");

    source.fetch(tool(), target, Progress.NONE);

    assertArrayEquals(deb, Files.readAllBytes(target));
    assertTrue(source.find("other").isEmpty());
    assertFalse(Files.exists(part()));
  }

  @Test
  void theIndexIsFetchedOnceAndAgainOnRefresh() throws Exception {
    assertEquals("1.0+b1", tool().version());
    source = source("bookworm");
    assertEquals("1.0+b1", tool().version());
    assertEquals(2, requests.size());
    String before = source.indexState();

    publish(POOL, new byte[10]);
    source.refresh(Progress.NONE);

    assertEquals(10, tool().size());
    assertFalse(source.indexState().isEmpty());
    assertTrue(before.startsWith("mirror http://127.0.0.1"));
  }

  @Test
  void aBrokenDownloadIsResumed() throws Exception {
    Path target = folder.resolve("tool.deb");
    DebPackage tool = tool();
    hangUpAfter = 40_000;

    assertThrows(ImageException.class, () -> source.fetch(tool, target, Progress.NONE));
    assertFalse(Files.exists(target));
    long have = Files.size(part());
    source.fetch(tool, target, Progress.NONE);

    assertTrue(have > 0 && have <= 40_000, have + " bytes were kept");
    assertEquals("/debian/" + POOL + " bytes=" + have + "-", requests.getLast());
    assertArrayEquals(deb, Files.readAllBytes(target));
  }

  @Test
  void aPartOfAnotherFileIsDroppedAndFetchedAnew() throws Exception {
    Path target = folder.resolve("tool.deb");
    Files.write(part(), new byte[5000]);

    source.fetch(tool(), target, Progress.NONE);

    assertArrayEquals(deb, Files.readAllBytes(target));
  }

  @Test
  void aPartThatIsTooLongIsDropped() throws Exception {
    Path target = folder.resolve("tool.deb");
    Files.write(part(), new byte[deb.length + 1]);

    source.fetch(tool(), target, Progress.NONE);

    assertArrayEquals(deb, Files.readAllBytes(target));
  }

  @Test
  void anAlteredPackageIsRefusedAndNothingStays() throws Exception {
    Path target = folder.resolve("tool.deb");
    byte[] altered = deb.clone();
    altered[500] ^= 1;
    DebPackage tool = tool();
    files.put("/debian/" + POOL, altered);

    ImageException e =
        assertThrows(ImageException.class, () -> source.fetch(tool, target, Progress.NONE));

    assertTrue(e.getMessage().contains("checksum"), e.getMessage());
    assertFalse(Files.exists(target));
    assertFalse(Files.exists(part()));
  }

  @Test
  void aPackageLargerThanPromisedIsCutOff() throws Exception {
    DebPackage tool = tool();
    files.put("/debian/" + POOL, new byte[deb.length * 2]);

    ImageException e =
        assertThrows(
            ImageException.class,
            () -> source.fetch(tool, folder.resolve("tool.deb"), Progress.NONE));

    assertTrue(e.getMessage().contains("more than 100000 bytes"), e.getMessage());
  }

  @Test
  void anAlteredIndexIsRefused() {
    files.put("/debian/dists/bookworm/main/binary-amd64/Packages.xz", new byte[100]);

    ImageException e = assertThrows(ImageException.class, () -> source.find("tool"));

    assertTrue(e.getMessage().contains("checksum"), e.getMessage());
  }

  @Test
  void aSuiteThatIsNotThereIsNamed() {
    source = source("nosuch");

    ImageException e = assertThrows(ImageException.class, () -> source.find("tool"));

    assertTrue(e.getMessage().contains("dists/nosuch/Release (the server answered 404)"));
  }

  @Test
  void anIndexThatLeadsOutsideOfTheMirrorIsRefused() throws Exception {
    publish("../secret", deb);

    ImageException e =
        assertThrows(
            ImageException.class,
            () -> source.fetch(tool(), folder.resolve("tool.deb"), Progress.NONE));

    assertTrue(e.getMessage().contains("outside"));
  }

  @Test
  void aPackageThatWouldFillTheDiskIsRefused() throws Exception {
    DebPackage tool = tool();
    DebPackage huge =
        new DebPackage("huge", "1", List.of(), tool.filename(), 2L << 30, tool.sha256());

    ImageException e =
        assertThrows(
            ImageException.class,
            () -> source.fetch(huge, folder.resolve("tool.deb"), Progress.NONE));

    assertTrue(e.getMessage().contains("limit"), e.getMessage());
  }

  @Test
  void progressReachesTheWhole() throws Exception {
    List<Long> done = new CopyOnWriteArrayList<>();

    source.fetch(tool(), folder.resolve("tool.deb"), (step, n, total) -> done.add(n));

    assertEquals(deb.length, done.getLast());
  }
}
