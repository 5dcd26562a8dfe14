package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.qcow2.Qcow2Creator;
import org.vivarium.images.qcow2.Qcow2Image;
import org.vivarium.vmm.definition.DefinitionJson;
import org.vivarium.vmm.definition.VmDefinition;

/** Export and import. */
class ArchiveCommandsTest {
  private static final int SIZE = 4 << 20;

  @TempDir Path home;
  private CliFixture cli;
  private Path archive;

  @BeforeEach
  void setUp() {
    cli = new CliFixture(home);
    archive = home.resolve("web.tar");
  }

  /** A machine with a kernel of its own and a disk that holds something here and there. */
  private byte[] givenMachine() throws Exception {
    byte[] content = new byte[SIZE];
    byte[] some = new byte[100_000];
    new Random(1).nextBytes(some);
    System.arraycopy(some, 0, content, 0, some.length);
    System.arraycopy(some, 0, content, SIZE - some.length, some.length);
    Files.write(home.resolve("data.raw"), content);
    Files.writeString(home.resolve("vmlinuz"), "kernel");
    Files.writeString(home.resolve("initrd.img"), "initrd");
    cli.given(
        "create web --cpus 3 --net user --kernel %1$s/vmlinuz --initrd %1$s/initrd.img"
                .formatted(home)
            + " --disk %s/data.raw,serial=S1,ro".formatted(home));
    return content;
  }

  private byte[] content(String machine) throws Exception {
    Path disk = cli.machines.folder(machine).resolve("disks/disk0.qcow2");
    byte[] content = new byte[SIZE];
    try (Qcow2Image image = Qcow2Image.open(disk, DiskOptions.readOnlyAccess())) {
      assertEquals(SIZE, image.size());
      image.read(ByteBuffer.wrap(content), 0);
    }
    return content;
  }

  @ParameterizedTest
  @ValueSource(strings = {"web.tar", "web.tar.gz"})
  void whatIsExportedComesBack(String name) throws Exception {
    byte[] written = givenMachine();
    VmDefinition before = cli.machines.definition("web");

    assertEquals(ExitStatus.OK, cli.run("export web " + home.resolve(name)), cli.err());
    cli.given("rm --force web");
    assertEquals(ExitStatus.OK, cli.run("import " + home.resolve(name)), cli.err());

    assertEquals(ArchiveNames.inside(before), cli.machines.definition("web"));
    assertArrayEquals(written, content("web"));
    assertEquals("kernel", Files.readString(home.resolve("vms/web/boot/kernel")));
    assertEquals("initrd", Files.readString(home.resolve("vms/web/boot/initrd")));
    assertTrue(Files.size(home.resolve("vms/web/disks/disk0.qcow2")) < SIZE / 2);
  }

  @Test
  void copyOfAnotherNameHasAddressesOfItsOwn() throws Exception {
    byte[] written = givenMachine();
    cli.given("export web " + archive);

    assertEquals(ExitStatus.OK, cli.run("import --name copy " + archive), cli.err());

    assertArrayEquals(written, content("copy"));
    assertNotEquals(
        cli.machines.definition("web").devices().networks().getFirst().mac(),
        cli.machines.definition("copy").devices().networks().getFirst().mac());
  }

  @Test
  void runningMachineIsNotExported() {
    cli.given("create web");
    cli.given("start web");

    cli.assertRefused(ExitStatus.FAILED, "export web " + archive);
    assertFalse(Files.exists(archive));
  }

  @Test
  void fileThatIsThereIsReplacedOnlyByForce() throws Exception {
    cli.given("create web");
    Files.writeString(archive, "mine");

    cli.assertRefused(ExitStatus.BAD_INPUT, "export web " + archive);
    assertEquals("mine", Files.readString(archive));
    assertEquals(ExitStatus.OK, cli.run("export --force web " + archive));
    assertTrue(Files.size(archive) > 4);
  }

  @Test
  void exportThatFailsLeavesNothing() throws Exception {
    cli.given("create web --disk " + home.resolve("missing.raw"));

    cli.assertRefused(ExitStatus.BAD_INPUT, "export web " + archive);
    try (var files = Files.list(home)) {
      assertEquals(List.of(home.resolve("vms")), files.toList());
    }
  }

  @Test
  void takenNameIsRefused() throws Exception {
    cli.given("create web");
    cli.given("export web " + archive);

    cli.assertRefused(ExitStatus.BAD_INPUT, "import " + archive);
  }

  /** Entries in pairs of name and content. */
  private void givenArchive(Object... entries) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      for (int i = 0; i < entries.length; i += 2) {
        byte[] content =
            entries[i + 1] instanceof byte[] raw
                ? raw
                : entries[i + 1].toString().getBytes(StandardCharsets.UTF_8);
        TarArchiveEntry entry = new TarArchiveEntry(entries[i].toString(), true);
        entry.setSize(content.length);
        tar.putArchiveEntry(entry);
        tar.write(content);
        tar.closeArchiveEntry();
      }
    }
    Files.write(archive, bytes.toByteArray());
  }

  private void assertImportRefused() {
    assertEquals(ExitStatus.BAD_INPUT, cli.run("import " + archive), cli.err());
    List<String> lines = cli.err().lines().filter(line -> !line.startsWith("Unpacking")).toList();
    assertEquals(1, lines.size(), cli.err());
    assertTrue(lines.getFirst().matches("The file .*[^.][.]"), cli.err());
    assertEquals("", cli.out());
    assertEquals(List.of(), cli.machines.list());
  }

  /** What stands in the archive of a machine that is made with these options. */
  private String definition(String options) {
    CliFixture other = new CliFixture(home.resolve("other"));
    other.given("create web" + options);
    return DefinitionJson.write(ArchiveNames.inside(other.machines.definition("web")));
  }

  @Test
  void foreignFilesInADefinitionAreRefused() throws Exception {
    CliFixture other = new CliFixture(home.resolve("other"));
    other.given("create web --disk /dev/sda,format=raw");

    givenArchive("web/vm.json", DefinitionJson.write(other.machines.definition("web")));

    assertImportRefused();
    assertTrue(cli.err().contains("names files that are not its own"), cli.err());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../evil",
        "web/../../evil",
        "/tmp/evil",
        "web/disks/disk1.qcow2",
        "web/vm.json",
        "web/lock",
        "other/disks/disk0.qcow2"
      })
  void entryThatTheDefinitionDoesNotNameIsRefused(String name) throws Exception {
    givenArchive("web/vm.json", definition(" --disk /d/a.raw"), name, "evil");

    assertImportRefused();
    assertTrue(cli.err().contains("which its definition does not name"), cli.err());
  }

  @Test
  void missingDiskIsRefused() throws Exception {
    givenArchive("web/vm.json", definition(" --disk /d/a.raw"));

    assertImportRefused();
    assertTrue(cli.err().contains("lacks disks/disk0.qcow2"), cli.err());
  }

  @Test
  void diskOnAnotherImageIsRefused() throws Exception {
    Path disk = home.resolve("over.qcow2");
    Qcow2Creator.create(
        disk, Qcow2Creator.Spec.of(SIZE).over("../../other/disks/disk0.qcow2", DiskFormat.QCOW2));

    givenArchive(
        "web/vm.json",
        definition(" --disk /d/a.raw"),
        "web/disks/disk0.qcow2",
        Files.readAllBytes(disk));

    assertImportRefused();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "not a tar file at all", "\u001f\u008b"})
  void whatIsNoArchiveIsRefused(String content) throws Exception {
    Files.write(archive, content.getBytes(StandardCharsets.ISO_8859_1));

    assertTrue(cli.run("import " + archive) > 0);
    assertEquals(1, cli.err().lines().count(), cli.err());
    assertEquals(List.of(), cli.machines.list());
  }

  @ParameterizedTest
  @ValueSource(strings = {"export", "export nobody /x", "export web", "import", "import --name"})
  void badInputIsStatusTwo(String line) {
    cli.assertRefused(ExitStatus.BAD_INPUT, line);
  }

  @ParameterizedTest
  @ValueSource(strings = {"import /nowhere/web.tar", "export web /nowhere/web.tar"})
  void fileThatCannotBeIsStatusOne(String line) {
    cli.given("create web");

    cli.assertRefused(ExitStatus.FAILED, line);
  }
}
