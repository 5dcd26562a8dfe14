package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.library.Clones;
import org.vivarium.images.library.Disks;

class CatalogueCommandTest {
  private static final long SIZE = 1 << 20;

  @TempDir Path home;
  private CliFixture cli;

  @BeforeEach
  void setUp() {
    cli = new CliFixture(home);
  }

  @ParameterizedTest
  @ValueSource(strings = {"catalogue", "images"})
  void guestsAreListedWithTheirState(String name) throws Exception {
    Path disk = CliFixture.givenOwnEntry(home);
    assertEquals(ExitStatus.OK, cli.run(name), cli.err());
    assertTrue(cli.out().matches("(?s).*\\Rmine +not built .*As root[.]\\R"), cli.out());
    Disks.create(disk, DiskFormat.RAW, SIZE);

    assertEquals(ExitStatus.OK, cli.run(name), cli.err());

    assertTrue(cli.out().startsWith("GUEST "), cli.out());
    assertTrue(cli.out().matches("(?s).*\\Rmine +ready .*As root[.]\\R"), cli.out());
    assertTrue(cli.out().matches("(?s).*\\Rdebian-12 +not built +0 B .*"), cli.out());
    assertEquals("", cli.err());
  }

  @Test
  void jsonTellsTheSameToPrograms() {
    assertEquals(ExitStatus.OK, cli.run("catalogue --json"), cli.err());

    JsonNode list = JsonText.tree(cli.out());
    assertEquals("tiny", list.get(0).get("id").asText());
    assertFalse(list.get(0).get("ready").asBoolean());
    assertEquals("vivarium", list.get(1).get("user").asText());
    assertEquals(512, list.get(1).get("memoryMib").asInt());
  }

  private void givenTinyImages() throws IOException {
    Path tiny = home.resolve("images/tiny");
    Files.createDirectories(tiny.resolve("new"));
    Files.writeString(
        Files.createDirectories(tiny.resolve("old")).resolve("vmlinuz"), "x".repeat(5000));
    Files.writeString(tiny.resolve("cloud.stamp"), "folder=new\ncommandLine=quiet\n");
  }

  @Test
  void pruneDeletesWhatTheListSaysNothingNeeds() throws Exception {
    givenTinyImages();
    assertEquals(ExitStatus.OK, cli.run("images"), cli.err());
    assertTrue(cli.err().matches("Nothing needs .* KiB more: 'vivarium images prune' .*\\R"));

    assertEquals(ExitStatus.OK, cli.run("images prune --dry-run"), cli.err());
    assertTrue(cli.out().matches("(?s)WOULD BE DELETED .*/images/tiny/old .*"), cli.out());
    assertTrue(Files.exists(home.resolve("images/tiny/old")));

    assertEquals(ExitStatus.OK, cli.run("images prune"), cli.err());
    assertTrue(cli.out().matches("(?s)DELETED .*/images/tiny/old .*"), cli.out());
    assertFalse(Files.exists(home.resolve("images/tiny/old")));
    assertTrue(Files.exists(home.resolve("images/tiny/new")));

    assertEquals(ExitStatus.OK, cli.run("images prune"), cli.err());
    assertTrue(cli.err().endsWith("There is nothing to delete.\n"), cli.err());
  }

  @Test
  void badFileOfTheUserIsToldBesideTheList() throws Exception {
    Files.writeString(Files.createDirectories(home.resolve("catalogue")).resolve("a.json"), "{");

    assertEquals(ExitStatus.OK, cli.run("catalogue"));

    assertTrue(cli.err().contains("a.json"), cli.err());
    assertTrue(cli.out().contains("tiny"), cli.out());
  }

  @Test
  void prepareTellsThatTheGuestIsReady() throws Exception {
    Disks.create(CliFixture.givenOwnEntry(home), DiskFormat.RAW, SIZE);

    assertEquals(ExitStatus.OK, cli.run("catalogue prepare mine"), cli.err());

    assertTrue(cli.err().contains("Mine is ready"), cli.err());
  }

  @Test
  void prepareThatFailsSaysWhy() throws Exception {
    CliFixture.givenOwnEntry(home);

    cli.assertRefused(ExitStatus.FAILED, "catalogue prepare mine");
    assertTrue(cli.err().contains("mine.raw"), cli.err());
  }

  @Test
  void rmDeletesTheImages() throws Exception {
    Path image = Files.createDirectories(home.resolve("images/tiny/1")).resolve("kernel");
    Files.writeString(image, "kernel");

    assertEquals(ExitStatus.OK, cli.run("catalogue rm tiny"), cli.err());

    assertFalse(Files.exists(image));
  }

  @Test
  void rmIsRefusedWhileAMachineStandsOnIt() throws Exception {
    Path base = Files.createDirectories(home.resolve("images/debian-12/1")).resolve("disk.raw");
    Disks.create(base, DiskFormat.RAW, SIZE);
    cli.given("create web --from debian-12");
    Clones.link(home, base, DiskFormat.RAW, cli.machines.folder("web").resolve("root.qcow2"), 0);

    cli.assertRefused(ExitStatus.FAILED, "catalogue rm debian-12");

    assertTrue(Files.exists(base));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "catalogue prepare",
        "catalogue prepare plan9",
        "catalogue rm plan9",
        "catalogue rm a b",
        "catalogue burn",
      })
  void badInputIsRefused(String line) {
    cli.assertRefused(ExitStatus.BAD_INPUT, line);
  }

  @Test
  void aGuestIsShownWithWhereItComesFromAndWhatIsChecked() throws Exception {
    CliFixture.givenOwnEntry(home);

    assertEquals(ExitStatus.OK, cli.run("catalogue show ubuntu-24.04"), cli.err());

    assertTrue(cli.out().contains("https://cloud-images.ubuntu.com/"), cli.out());
    assertTrue(cli.out().contains("Checked     SHA-256 of the download against"), cli.out());
    assertTrue(cli.out().contains("No test of this project has fetched it"), cli.out());
    assertTrue(cli.out().contains("1 CPUs, 1024 MiB of memory, 10240 MiB of disk"), cli.out());
    assertEquals(ExitStatus.OK, cli.run("catalogue show mine"), cli.err());
    assertTrue(cli.out().contains("mine (your own entry)"), cli.out());
  }
}
