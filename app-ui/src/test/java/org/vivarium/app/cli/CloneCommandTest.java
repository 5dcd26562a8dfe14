package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.library.Clones;
import org.vivarium.images.library.DiskTree;
import org.vivarium.images.library.Disks;
import org.vivarium.images.library.HomeBacking;
import org.vivarium.images.qcow2.DiskImages;
import org.vivarium.images.seed.MachineIdentity;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.definition.VmDefinition;

class CloneCommandTest {
  private static final long SIZE = 1 << 20;

  @TempDir Path home;
  private CliFixture cli;

  @BeforeEach
  void setUp() throws Exception {
    cli = new CliFixture(home);
    Path base = Files.createDirectories(home.resolve("images/debian-12/1")).resolve("disk.raw");
    Disks.create(base, DiskFormat.RAW, SIZE);
    cli.given(
        "create deb --from debian-12 --disk "
            + data("deb")
            + " --net user,forward=tcp:2222:22,forward=tcp:8080:80");
    Clones.link(home, base, DiskFormat.RAW, root("deb"), 0);
    Files.createDirectories(data("deb").getParent());
    Disks.create(data("deb"), DiskFormat.QCOW2, SIZE);
    MachineIdentity.of(cli.machines.folder("deb"), "deb");
    write(root("deb"), "first");
    write(data("deb"), "data");
  }

  private Path root(String machine) {
    return cli.machines.folder(machine).resolve("root.qcow2");
  }

  private Path data(String machine) {
    return cli.machines.folder(machine).resolve("disks/disk0.qcow2");
  }

  private DiskImage open(Path disk) throws IOException {
    return DiskImages.open(
        disk, DiskFormat.QCOW2, DiskOptions.readWrite().withBacking(HomeBacking.of(home)));
  }

  private void write(Path disk, String text) throws IOException {
    try (DiskImage image = open(disk)) {
      image.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), 0);
      image.flush();
    }
  }

  private String read(Path disk) throws IOException {
    try (DiskImage image = open(disk)) {
      ByteBuffer bytes = ByteBuffer.allocate(8);
      image.read(bytes, 0);
      return new String(bytes.array(), StandardCharsets.US_ASCII).replace("\0", "");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"clone deb new", "clone deb new --full"})
  void bothHaveTheContentAndKeepApartWhatTheyWrite(String line) throws Exception {
    assertEquals(ExitStatus.OK, cli.run(line), cli.err());
    assertEquals("first", read(root("new")));
    assertEquals("data", read(data("new")));

    write(root("deb"), "older");
    write(root("new"), "newer");

    assertEquals("older", read(root("deb")));
    assertEquals("newer", read(root("new")));
    assertEquals("data", read(data("deb")));
  }

  @Test
  void cloneHasAddressesPortAndIdentityOfItsOwn() throws Exception {
    assertEquals(ExitStatus.OK, cli.run("clone deb new"), cli.err());

    VmDefinition old = cli.machines.definition("deb");
    VmDefinition made = cli.machines.definition("new");
    assertEquals(old.guest(), made.guest());
    assertEquals(old.memoryMib(), made.memoryMib());
    assertNotEquals(
        old.devices().networks().getFirst().mac(), made.devices().networks().getFirst().mac());
    NetBackend.User network = (NetBackend.User) made.devices().networks().getFirst().backend();
    assertEquals(List.of(22), network.forwards().stream().map(f -> f.guestPort()).toList());
    assertNotEquals(2222, network.forwards().getFirst().hostPort());
    assertNotEquals(
        MachineIdentity.of(cli.machines.folder("deb"), "deb"),
        MachineIdentity.of(cli.machines.folder("new"), "new"));
  }

  @Test
  void cloneOfACloneHasAllOfItToo() throws Exception {
    cli.given("clone deb b");
    write(data("b"), "more");
    cli.given("clone b c");
    cli.given("rm --force b");

    assertEquals("first", read(root("c")));
    assertEquals("more", read(data("c")));
    assertEquals("data", read(data("deb")));
    assertTrue(DiskTree.scan(home).disks().stream().allMatch(disk -> disk.problem() == null));
  }

  @Test
  void fullCopyStandsOnNothing() throws Exception {
    assertEquals(ExitStatus.OK, cli.run("clone deb new --full"), cli.err());

    Path root = root("new").toRealPath();
    assertTrue(
        DiskTree.scan(home).disks().stream()
            .anyMatch(disk -> disk.file().equals(root) && disk.base() == null));
    assertFalse(Files.exists(home.resolve("templates")));
  }

  @Test
  void diskElsewhereIsSharedByCopyOnly() throws Exception {
    Path elsewhere = home.resolve("data.raw");
    Disks.create(elsewhere, DiskFormat.RAW, SIZE);
    cli.given("create web --disk " + elsewhere);

    cli.assertRefused(ExitStatus.FAILED, "clone web new");
    assertTrue(cli.err().contains("--full"), cli.err());
    assertEquals(ExitStatus.OK, cli.run("clone web new --full"), cli.err());
    assertTrue(Files.exists(data("new")));
  }

  @Test
  void machineThatRunsIsRefused() {
    cli.given("start deb");

    cli.assertRefused(ExitStatus.FAILED, "clone deb new");
    assertEquals(1, cli.machines.list().size());
  }

  @Test
  void diskInUseIsRefusedAndNothingIsLeft() throws Exception {
    try (DiskImage _ = open(root("deb"))) {
      cli.assertRefused(ExitStatus.FAILED, "clone deb new");
    }

    assertEquals(1, cli.machines.list().size());
    assertEquals("first", read(root("deb")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"clone deb", "clone nobody new", "clone deb deb", "clone deb ../up"})
  void badInputIsRefused(String line) {
    cli.assertRefused(ExitStatus.BAD_INPUT, line);

    assertEquals(1, cli.machines.list().size());
  }

  @Test
  void rmIsRefusedWhileDisksOfOthersStandOnTheMachines() throws Exception {
    cli.given("create other --disk over.qcow2");
    Clones.link(
        home, data("deb"), DiskFormat.QCOW2, cli.machines.folder("other").resolve("over.qcow2"), 0);

    cli.assertRefused(ExitStatus.FAILED, "rm --force deb");
    assertTrue(cli.err().contains("over.qcow2"), cli.err());
    assertEquals(2, cli.machines.list().size());
  }

  @Test
  void whatNobodyStandsOnAnyMoreIsDeleted() throws Exception {
    cli.given("clone deb b");
    cli.given("clone b c");
    cli.given("rm --force deb");
    assertEquals("first", read(root("c")));
    cli.given("rm --force b");
    assertEquals("first", read(root("c")));

    cli.given("rm --force c");

    try (Stream<Path> left = Files.list(home.resolve("templates"))) {
      assertEquals(List.of(), left.filter(Files::isDirectory).toList());
    }
  }

  @Test
  void machinesOfATemplateHaveItsContent() throws Exception {
    cli.given("template create deb");
    assertFalse(Files.exists(root("deb")));
    cli.given("template clone deb one");
    cli.given("template clone deb two");
    write(root("one"), "newer");

    assertEquals("first", read(root("two")));
    assertEquals("data", read(data("one")));
    assertNotEquals(
        MachineIdentity.of(cli.machines.folder("one"), "one"),
        MachineIdentity.of(cli.machines.folder("two"), "two"));
    assertEquals(ExitStatus.OK, cli.run("template ls"), cli.err());
    assertTrue(cli.out().matches("(?s).*deb +2 +4\\R"), cli.out());
  }

  @Test
  void templateInUseIsNotDeleted() throws Exception {
    cli.given("template create deb");
    cli.given("template clone deb one");
    cli.assertRefused(ExitStatus.FAILED, "template rm deb");
    cli.given("rm --force one");
    cli.given("template clone deb copy --full");

    cli.given("template rm deb");

    assertEquals("first", read(root("copy")));
    assertEquals(ExitStatus.OK, cli.run("template ls --json"), cli.err());
    assertEquals("[ ]", cli.out().strip());
    cli.assertRefused(ExitStatus.FAILED, "template clone deb again");
  }

  @Test
  void machineThatRunsBecomesNoTemplate() {
    cli.given("start deb");

    cli.assertRefused(ExitStatus.FAILED, "template create deb");
    assertTrue(Files.exists(root("deb")));
  }
}
