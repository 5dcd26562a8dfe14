package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.library.DiskTree;
import org.vivarium.images.qcow2.Qcow2Image;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;

class CreateCommandTest {
  @TempDir Path home;
  private CliFixture cli;

  @BeforeEach
  void setUp() {
    cli = new CliFixture(home);
  }

  @Test
  void nameAloneMakesTinyLinux() {
    int status = cli.run("create web");

    assertEquals(ExitStatus.OK, status, cli.err());
    assertEquals(
        new VmDefinition(
            "web",
            "",
            1,
            256,
            "auto",
            new GuestSource.Catalogue("tiny", ""),
            new DeviceSet(List.of(), List.of(), true, true, true, null),
            false),
        cli.machines.definition("web"));
    assertEquals("", cli.out());
    assertEquals(List.of(), cli.machines.takeCalls());
  }

  @Test
  void everyOptionReachesTheDefinition() {
    int status =
        cli.runWords(
            "create",
            "own",
            "--kernel=/b/vmlinuz",
            "--initrd=/b/initrd",
            "--append=console=ttyS0 quiet",
            "--cpus=4",
            "--memory=1G",
            "--disk=/d/a.qcow2",
            "--disk=/d/b.iso,ro",
            "--net=user,forward=tcp:2222:22",
            "--net=segment:lab",
            "--no-rng",
            "--no-balloon",
            "--engine=qemu",
            "--autostart",
            "--description=for tests");

    assertEquals(ExitStatus.OK, status, cli.err());
    VmDefinition made = cli.machines.definition("own");
    assertEquals(
        new GuestSource.Kernel(Path.of("/b/vmlinuz"), Path.of("/b/initrd"), "console=ttyS0 quiet"),
        made.guest());
    assertEquals(4, made.cpus());
    assertEquals(1024, made.memoryMib());
    assertEquals(
        List.of("disk0", "disk1"), made.devices().disks().stream().map(d -> d.id()).toList());
    assertEquals(
        List.of("net0", "net1"), made.devices().networks().stream().map(n -> n.id()).toList());
    assertEquals(false, made.devices().rng() || made.devices().balloon());
    assertEquals("qemu", made.engine());
    assertTrue(made.autostart());
    assertEquals("for tests", made.description());
  }

  @Test
  void otherGuestsAreNamed() {
    cli.given("create a --from debian-12 --append quiet");
    cli.given("create b --from disk --disk /d/root.qcow2");

    assertEquals(
        new GuestSource.Catalogue("debian-12", "quiet"), cli.machines.definition("a").guest());
    assertEquals(new GuestSource.Disk(""), cli.machines.definition("b").guest());
  }

  @Test
  void guestOfTheCatalogueBringsItsSizeAndOptionsWin() {
    cli.given("create a --from debian-12");
    cli.given("create b --from debian-12 --memory 1G");
    cli.given("create c --from debian-12 --cpus 3");

    assertEquals(512, cli.machines.definition("a").memoryMib());
    assertEquals(1024, cli.machines.definition("b").memoryMib());
    assertEquals(3, cli.machines.definition("c").cpus());
    assertEquals(512, cli.machines.definition("c").memoryMib());
  }

  @Test
  void unknownGuestIsRefusedWithTheOnesThereAre() {
    cli.assertRefused(ExitStatus.BAD_INPUT, "create web --from plan9");

    assertTrue(cli.err().contains("only tiny, debian-12"), cli.err());
    assertEquals(List.of(), cli.machines.list());
  }

  @Test
  void startStartsIt() {
    int status = cli.run("create web --start");

    assertEquals(ExitStatus.OK, status);
    assertEquals(List.of("web start", "web close"), cli.machines.takeCalls());
  }

  @Test
  void fullCopyHasTheWholeContentAndStandsOnNothing() throws Exception {
    Files.writeString(CliFixture.givenOwnEntry(home), "content".repeat(100_000));

    assertEquals(ExitStatus.OK, cli.run("create web --from mine --full"), cli.err());

    Path root = cli.machines.folder("web").resolve("root.qcow2");
    try (DiskImage image = Qcow2Image.open(root, DiskOptions.readOnlyAccess())) {
      ByteBuffer bytes = ByteBuffer.allocate(7);
      image.read(bytes, 7 * 99_999);
      assertEquals("content", new String(bytes.array(), StandardCharsets.US_ASCII));
      assertEquals(16 << 20, image.size());
    }
    assertNull(DiskTree.scan(home).disks().getFirst().base());
    try (Stream<Path> files = Files.list(root.getParent())) {
      assertTrue(files.noneMatch(file -> file.endsWith("copy")));
    }
  }

  @Test
  void fullCopyThatIsCancelledLeavesNoMachine() throws Exception {
    Files.writeString(CliFixture.givenOwnEntry(home), "content");
    Thread.currentThread().interrupt();

    assertEquals(ExitStatus.FAILED, cli.run("create web --from mine --full"));

    assertTrue(cli.err().contains("cancelled"), cli.err());
    assertEquals(List.of(), cli.machines.list());
  }

  @Test
  void fullCopyThatCannotBeMadeLeavesNoMachine() throws Exception {
    CliFixture.givenOwnEntry(home);

    cli.assertRefused(ExitStatus.FAILED, "create web --from mine --full");

    assertTrue(cli.err().contains("mine.raw"), cli.err());
    assertEquals(List.of(), cli.machines.list());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "create",
        "create web --full",
        "create web --full --kernel=/k",
        "create a b",
        "create ../up",
        "create web --cpus=0",
        "create web --memory=1",
        "create web --memory=1M",
        "create web --memory=4000000000G",
        "create web --engine=warp",
        "create web --disk=",
        "create web --disk=/a,rw",
        "create web --net=wifi",
        "create web --initrd=/alone",
        "create web --kernel=/k --from=tiny",
        "create web --from=disk",
        "create web --bogus",
      })
  void badInputIsRefusedAndNothingIsMade(String line) {
    cli.assertRefused(ExitStatus.BAD_INPUT, line);

    assertEquals(List.of(), cli.machines.list());
  }

  @Test
  void takenNameIsRefused() {
    cli.given("create web");

    cli.assertRefused(ExitStatus.BAD_INPUT, "create web --cpus 2");
    assertEquals(1, cli.machines.definition("web").cpus());
  }
}
