package org.vivarium.images.catalog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.CancelledException;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.Sha256;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.RawImage;
import org.vivarium.images.library.Clones;
import org.vivarium.images.qcow2.Qcow2Creator;

class CatalogueTest {
  @TempDir Path home;
  private HttpServer server;
  private byte[] served = new byte[0];

  @BeforeEach
  void startServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.sendResponseHeaders(200, served.length);
            exchange.getResponseBody().write(served);
          }
        });
    server.start();
  }

  @AfterEach
  void stopServer() {
    server.stop(0);
  }

  private Catalogue open() throws ImageException {
    return Catalogue.open(home, Map.of());
  }

  private void own(String name, String json) throws IOException {
    Files.createDirectories(home.resolve("catalogue"));
    Files.writeString(home.resolve("catalogue").resolve(name), json);
  }

  /** An entry for what the server serves. */
  private void ownImage(String sha256) throws IOException {
    own(
        "image.json",
        """
        {"id": "image", "kind": "image", "format": "qcow2", "sha256": "%s",
         "url": "http://127.0.0.1:%d/disk"}\
        """
            .formatted(sha256, server.getAddress().getPort()));
  }

  private String serveDisk() throws IOException {
    Path disk = home.resolve("published.qcow2");
    Qcow2Creator.create(disk, Qcow2Creator.Spec.of(1 << 20));
    served = Files.readAllBytes(disk);
    return Sha256.of(disk);
  }

  private List<String> imageFolder() throws IOException {
    try (Stream<Path> files = Files.list(home.resolve("images/image"))) {
      return files.map(f -> f.getFileName().toString()).filter(n -> !n.equals("lock")).toList();
    }
  }

  @Test
  void hasTheProgramsOwnEntries() throws ImageException {
    Catalogue catalogue = open();

    assertEquals("Tiny Linux", catalogue.entry("tiny").title());
    assertFalse(catalogue.entry("tiny").own());
    assertEquals(List.of(), catalogue.problems());
    assertFalse(catalogue.state(catalogue.entry("tiny")).ready());
  }

  @Test
  void leavesOutAFileThatIsWrongAndSaysSo() throws Exception {
    own("a.json", "{");
    own("b.json", "{\"id\":\"tiny\",\"kind\":\"tiny\",\"flavour\":\"cloud\"}");
    own("c.json", "{\"id\":\"mine\",\"kind\":\"tiny\",\"flavour\":\"cloud\"}");

    Catalogue catalogue = open();

    assertEquals(2, catalogue.problems().size());
    assertTrue(catalogue.problems().get(0).contains("a.json is not JSON"));
    assertTrue(catalogue.problems().get(1).contains("which another entry has"));
    assertTrue(catalogue.entry("mine").own());
  }

  @Test
  void namesTheGuestsThereAre() {
    ImageException e = assertThrows(ImageException.class, () -> open().entry("tony"));

    assertTrue(e.getMessage().startsWith("The catalogue has no guest \"tony\", only tiny"));
  }

  @Test
  void fetchesAnImageOnceAndTakesTheRightToWriteIt() throws Exception {
    ownImage(serveDisk());
    Catalogue catalogue = open();
    CatalogueEntry entry = catalogue.entry("image");
    assertTrue(catalogue.present(entry).isEmpty());

    PreparedGuest guest = catalogue.prepare(entry, Progress.NONE);
    server.stop(0);

    PreparedGuest.Base base = java.util.Objects.requireNonNull(guest.base());
    assertEquals(1 << 20, base.size());
    assertFalse(Files.getPosixFilePermissions(base.file()).toString().contains("WRITE"));
    assertEquals(guest, catalogue.prepare(entry, Progress.NONE));
    assertTrue(catalogue.state(entry).ready());
    assertTrue(catalogue.state(entry).bytesOnDisk() > 0);
  }

  @Test
  void keepsNothingOfAnImageWithAnotherDigest() throws Exception {
    serveDisk();
    ownImage("0".repeat(64));
    Catalogue catalogue = open();

    ImageException e =
        assertThrows(
            ImageException.class, () -> catalogue.prepare(catalogue.entry("image"), Progress.NONE));

    assertTrue(e.getMessage().contains("does not have the checksum"));
    assertEquals(List.of(), imageFolder());
  }

  @Test
  void keepsNothingOfAnImageThatNeedsAFileBelowIt() throws Exception {
    Path disk = home.resolve("published.qcow2");
    RawImage.create(home.resolve("below.raw"), 1 << 20);
    Qcow2Creator.create(
        disk,
        Qcow2Creator.Spec.of(1 << 20)
            .over("/etc/hostname", org.vivarium.images.disk.DiskFormat.RAW));
    served = Files.readAllBytes(disk);
    ownImage(Sha256.of(disk));
    Catalogue catalogue = open();

    ImageException e =
        assertThrows(
            ImageException.class, () -> catalogue.prepare(catalogue.entry("image"), Progress.NONE));

    assertTrue(e.getMessage().contains("names the backing file \"/etc/hostname\""));
    assertTrue(catalogue.present(catalogue.entry("image")).isEmpty());
  }

  @Test
  void anInterruptCancelsAndIsUsedUp() throws Exception {
    ownImage(serveDisk());
    Catalogue catalogue = open();
    Thread.currentThread().interrupt();

    CancelledException e =
        assertThrows(
            CancelledException.class,
            () -> catalogue.prepare(catalogue.entry("image"), Progress.NONE));

    assertEquals("image was cancelled; start it again to make it whole.", e.getMessage());
    assertFalse(Thread.currentThread().isInterrupted());
    assertTrue(catalogue.present(catalogue.entry("image")).isEmpty());
    assertTrue(catalogue.prepare(catalogue.entry("image"), Progress.NONE).base() != null);
  }

  @Test
  void takesADiskOfTheUsersOwn() throws Exception {
    RawImage.create(home.resolve("own.raw"), 3 << 20);
    own(
        "own.json",
        "{\"id\":\"own\",\"kind\":\"disk\",\"format\":\"raw\",\"file\":\"%s\"}"
            .formatted(home.resolve("own.raw")));
    Catalogue catalogue = open();

    PreparedGuest guest = catalogue.prepare(catalogue.entry("own"), Progress.NONE);

    assertEquals(3 << 20, java.util.Objects.requireNonNull(guest.base()).size());
  }

  private Path image(String name) throws IOException {
    Path folder = Files.createDirectories(home.toAbsolutePath().resolve("images").resolve(name));
    Files.write(folder.resolve("disk.raw"), new byte[1 << 20]);
    return folder;
  }

  private void overlay(Path image, String machine) throws IOException {
    Path folder = Files.createDirectories(home.resolve("vms").resolve(machine));
    Clones.link(home, image.resolve("disk.raw"), DiskFormat.RAW, folder.resolve("root.qcow2"), 0);
  }

  @Test
  void onlyFormerImagesThatNothingStandsOnAreDeleted() throws Exception {
    own("kept.json", "{\"id\":\"kept\",\"kind\":\"debian\",\"suite\":\"bookworm\"}");
    Path present = image("kept/aaaaaaaa");
    Files.writeString(home.resolve("images/kept/present"), "digest\naaaaaaaa\n6.1\n");
    Path former = image("kept/bbbbbbbb");
    Path used = image("kept/cccccccc");
    Path gone = image("gone/dddddddd");
    Path named = image("gone/eeeeeeee");
    overlay(used, "one");
    Files.writeString(
        home.resolve("vms/one/vm.json"), "{\"kernel\":\"%s/vmlinuz\"}".formatted(named));
    Files.createDirectories(home.resolve("images/oci/files"));

    FormerImages images = open().former();

    assertEquals(List.of(gone, former), images.find());
    overlay(former, "two");
    assertEquals(List.of(gone), images.delete(List.of(gone, former, present)));
    assertFalse(Files.exists(gone));
    assertTrue(Stream.of(present, former, used, named).allMatch(Files::exists));
  }

  @Test
  void imagesOfEntriesThatCannotBeReadAreKept() throws Exception {
    image("mine/aaaaaaaa");
    own("mine.json", "{");

    assertEquals(List.of(), open().former().find());
  }
}
