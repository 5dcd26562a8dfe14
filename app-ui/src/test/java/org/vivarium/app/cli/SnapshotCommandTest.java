package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.library.HomeBacking;
import org.vivarium.images.qcow2.DiskImages;

class SnapshotCommandTest {
  @TempDir Path home;
  private CliFixture cli;
  private Path disk;

  @BeforeEach
  void setUp() throws Exception {
    cli = new CliFixture(home);
    disk = home.resolve("vms/web/data.qcow2");
    cli.given("create web --disk " + disk);
    cli.given("disk create " + disk + " 1M");
    write("one");
  }

  private DiskImage open(Path file) throws IOException {
    return DiskImages.open(
        file, DiskFormat.QCOW2, DiskOptions.readWrite().withBacking(HomeBacking.of(home)));
  }

  private void write(String text) throws Exception {
    try (DiskImage image = open(disk)) {
      image.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), 0);
    }
  }

  private String read() throws Exception {
    try (DiskImage image = open(disk)) {
      byte[] bytes = new byte[3];
      image.read(ByteBuffer.wrap(bytes), 0);
      return new String(bytes, StandardCharsets.US_ASCII);
    }
  }

  private JsonNode list() throws Exception {
    assertEquals(ExitStatus.OK, cli.run("snapshot ls web --json"), cli.err());
    return new ObjectMapper().readTree(cli.out());
  }

  @Test
  void snapshotIsTakenListedAndRestored() throws Exception {
    assertEquals(ExitStatus.OK, cli.run("snapshot create web s1 --note clean"), cli.err());
    write("two");
    cli.given("snapshot create web s2");
    write("new");

    assertEquals("s1", list().get(0).get("name").asText());
    assertEquals("clean", list().get(0).get("note").asText());
    assertTrue(list().get(0).get("bytesOnDisk").asLong() > 0);
    assertEquals(ExitStatus.OK, cli.run("snapshot restore --force web s1"), cli.err());

    assertEquals("one", read());
    cli.given("snapshot rm web s1");
    cli.given("snapshot restore --force web s2");
    assertEquals("two", read());
    assertEquals(1, list().size());
  }

  @Test
  void clonesOfAMachineWithSnapshotsNeedNothingOfIt() throws Exception {
    cli.given("snapshot create web s1");
    cli.given("clone web copy");
    cli.given("rm --force web");

    Path copy = home.resolve("vms/copy/disks/disk0.qcow2");
    try (DiskImage image = open(copy)) {
      byte[] bytes = new byte[3];
      image.read(ByteBuffer.wrap(bytes), 0);
      assertEquals("one", new String(bytes, StandardCharsets.US_ASCII));
    }
  }

  @Test
  void restoringAsksFirst() throws Exception {
    cli.given("snapshot create web s1");
    write("two");

    cli.assertRefused(ExitStatus.BAD_INPUT, "snapshot restore web s1");

    assertEquals("two", read());
  }

  @Test
  void machineThatRunsIsRefused() throws Exception {
    cli.given("snapshot create web s1");
    cli.given("start web");

    cli.assertRefused(ExitStatus.FAILED, "snapshot create web s2");
    cli.assertRefused(ExitStatus.FAILED, "snapshot restore --force web s1");
    assertEquals(ExitStatus.OK, cli.run("snapshot rm web s1"), cli.err());
  }

  @Test
  void whatCannotBeKeptIsRefused() throws Exception {
    cli.given("create empty");
    cli.assertRefused(ExitStatus.FAILED, "snapshot create empty s1");
    cli.given("disk create " + home.resolve("out.qcow2") + " 1M");
    cli.given("create out --disk " + home.resolve("out.qcow2"));
    cli.assertRefused(ExitStatus.FAILED, "snapshot create out s1");
    cli.assertRefused(ExitStatus.FAILED, "snapshot rm web none");
    assertFalse(Files.exists(home.resolve("templates")), "nothing is left");
  }

  @Test
  void mapTellsWhatIsStoredHereAndWhatBelow() throws Exception {
    cli.given("snapshot create web s1");

    assertEquals(ExitStatus.OK, cli.run("disk map " + disk), cli.err());
    assertTrue(cli.out().contains("from below    64 KiB"), cli.out());
    assertEquals(ExitStatus.OK, cli.run("disk map --json " + disk), cli.err());
    JsonNode map = new ObjectMapper().readTree(cli.out());
    assertEquals(0, map.get("own").asLong());
    assertEquals(1 << 16, map.get("shared").asLong());
  }
}
