package org.vivarium.images.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.Extent;
import org.vivarium.images.qcow2.Qcow2Info;
import org.vivarium.images.seed.MachineIdentity;
import org.vivarium.images.store.Tool;

class LibraryTest {
  private static final long SIZE = 8 << 20;
  private static final int AT = 3 << 20;

  @TempDir Path home;
  private Disks disks = Disks.of(Path.of("/"));

  @BeforeEach
  void makeHome() throws IOException {
    for (String folder : List.of("images/guest/1", "vms/one", "vms/two")) {
      Files.createDirectories(home.resolve(folder));
    }
    disks = Disks.of(home);
  }

  private Path path(String name) {
    return home.resolve(name);
  }

  private void write(Path disk, DiskFormat format, String text) throws IOException {
    try (DiskImage open = disks.open(disk, format, false)) {
      open.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), AT);
    }
  }

  private String read(Path disk, DiskFormat format, int length) throws IOException {
    try (DiskImage open = disks.open(disk, format, true)) {
      byte[] bytes = new byte[length];
      open.read(ByteBuffer.wrap(bytes), AT);
      return new String(bytes, StandardCharsets.US_ASCII);
    }
  }

  private Path base() throws IOException {
    Path base = path("images/guest/1/disk.raw");
    Disks.create(base, DiskFormat.RAW, SIZE);
    write(base, DiskFormat.RAW, "base");
    return base;
  }

  private Path clone(Path base, String machine) throws IOException {
    Path overlay = path("vms/" + machine + "/root.qcow2");
    Clones.link(home, base, HomeBacking.formatOf(base), overlay, 0);
    return overlay;
  }

  private static String refusal(org.junit.jupiter.api.function.Executable action) {
    return String.valueOf(assertThrows(Exception.class, action).getMessage());
  }

  @Test
  void clonesShareTheBaseAndKeepTheirOwn() throws Exception {
    Path base = base();
    Path one = clone(base, "one");
    Path two = clone(base, "two");

    write(one, DiskFormat.QCOW2, "mine");

    assertEquals("mine", read(one, DiskFormat.QCOW2, 4));
    assertEquals("base", read(two, DiskFormat.QCOW2, 4));
    assertEquals("base", read(base, DiskFormat.RAW, 4));
    assertTrue(Disks.info(two, DiskFormat.QCOW2).bytesOnDisk() < 1 << 20);
  }

  @Test
  void aHomeFolderCanBeMoved() throws Exception {
    Path one = clone(base(), "one");

    assertEquals("../../images/guest/1/disk.raw", Qcow2Info.read(one).backingName());
  }

  @Test
  void aCloneIsNotSmallerThanItsBase() throws Exception {
    Path base = base();

    assertTrue(
        refusal(() -> Clones.link(home, base, DiskFormat.RAW, path("vms/one/x.qcow2"), SIZE - 1))
            .contains("is too small for its base"));
  }

  @Test
  void nothingOutsideOfTheBasesLiesBelowADisk() throws Exception {
    Path secret = path("secret.raw");
    Disks.create(secret, DiskFormat.RAW, SIZE);
    Path overlay = clone(secret, "one");

    assertTrue(refusal(() -> read(overlay, DiskFormat.QCOW2, 4)).contains("does not allow"));
  }

  @Test
  void theTreeKnowsWhatLiesOverWhat() throws Exception {
    Path base = base();
    Path one = clone(base, "one");
    Path elsewhere = Files.createDirectories(path("elsewhere")).resolve("data.qcow2");
    Clones.link(home, base, DiskFormat.RAW, elsewhere, 0);
    Files.writeString(
        path("vms/two/vm.json"),
        "{\"devices\":{\"disks\":[{\"file\":\"%s\"},{\"file\":\"gone.raw\"}]}}"
            .formatted(elsewhere));

    DiskTree tree = DiskTree.scan(home);

    assertEquals(3, tree.disks().size());
    assertEquals(
        List.of(one.toRealPath(), elsewhere.toRealPath()),
        tree.over(base).stream()
            .map(DiskTree.Disk::file)
            .sorted(java.util.Comparator.reverseOrder())
            .toList());
    assertTrue(
        refusal(() -> tree.requireUnused(path("images/guest"), "The guest \"guest\""))
            .startsWith("The guest \"guest\" is the base of 2 disks, among them "));
    assertEquals(List.of(), tree.overFolder(path("vms")));
  }

  @Test
  void theTreeSaysWhatIsBroken() throws Exception {
    Path base = base();
    clone(base, "one");
    Files.delete(base);
    Files.writeString(path("vms/two/root.qcow2"), "no image");
    Files.writeString(path("vms/two/vm.json"), "no json");

    List<DiskTree.Disk> found = DiskTree.scan(home).disks();

    assertEquals(2, found.size());
    assertTrue(Objects.requireNonNull(found.get(0).problem()).endsWith("disk.raw is gone."));
    assertTrue(Objects.requireNonNull(found.get(1).problem()).endsWith("cannot be read."));
  }

  @Test
  void aTemplateIsClonedAndCannotBeDeletedBeforeItsClones() throws Exception {
    Path root = clone(base(), "one");
    write(root, DiskFormat.QCOW2, "work");
    MachineIdentity first = MachineIdentity.of(path("vms/one"), "one");
    Files.writeString(path("vms/one/vm.json"), "{}");
    Templates templates = new Templates(home);

    Templates.Template made = templates.make("one");
    List<Path> clones = templates.link(made, path("vms/two"));

    assertFalse(Files.exists(path("vms/one")));
    assertEquals("work", read(clones.getFirst(), DiskFormat.QCOW2, 4));
    assertTrue(Files.exists(made.folder().resolve("vm.json")));
    assertFalse(first.machineId().equals(MachineIdentity.of(path("vms/two"), "two").machineId()));
    assertEquals(List.of(made), templates.list());
    assertTrue(refusal(() -> templates.delete("one")).contains("is the base of 1 disks"));
    Files.delete(clones.getFirst());
    templates.delete("one");
    assertEquals(List.of(), templates.list());
  }

  /** What the machine "one" and its clone "two" have in common goes to a folder of its own. */
  private Path shared() throws Exception {
    Path root = clone(base(), "one");
    FrozenDisks frozen = new FrozenDisks(home);
    return frozen.alone(
        () -> {
          Path folder = frozen.begin(FrozenDisks.CLONE);
          try (DiskImage disk = disks.open(root, DiskFormat.QCOW2, false)) {
            Path lower = frozen.freeze(disk, path("vms/one"), folder);
            Clones.overlay(home, lower, DiskFormat.QCOW2, path("vms/two/root.qcow2"), SIZE);
          }
          return folder;
        });
  }

  @Test
  void whatATemplateAloneStoodOnGoesWithIt() throws Exception {
    Path shared = shared();
    Templates templates = new Templates(home);
    templates.make("one");

    Files.delete(path("vms/two/root.qcow2"));
    templates.delete("one");

    assertFalse(Files.exists(shared));
  }

  @Test
  void whatAnotherMachineStandsOnStaysWhenATemplateGoes() throws Exception {
    Path shared = shared();
    Templates templates = new Templates(home);
    templates.make("one");

    templates.delete("one");

    assertTrue(Files.exists(shared));
    assertEquals(List.of(), new FrozenDisks(home).unneeded());
    assertEquals(List.of(), new FrozenDisks(home).deleteUnneeded());
    assertEquals("base", read(path("vms/two/root.qcow2"), DiskFormat.QCOW2, 4));
    Files.delete(path("vms/two/root.qcow2"));
    assertEquals(List.of(shared.toRealPath()), new FrozenDisks(home).deleteUnneeded());
    assertFalse(Files.exists(shared));
  }

  @Test
  void whatAnUnreadableDiskMayStandOnStays() throws Exception {
    Path shared = shared();
    Files.delete(path("vms/one/root.qcow2"));
    Files.writeString(path("vms/two/root.qcow2"), "no image");

    assertTrue(
        refusal(() -> new FrozenDisks(home).deleteUnneeded()).startsWith("Nothing is deleted: "));

    assertTrue(Files.exists(shared));
  }

  @Test
  void aMachineThatRunsIsNoTemplate() throws Exception {
    Path root = clone(base(), "one");
    // Another process holds the lock of a machine's disk; QEMU's own tool does so here.
    assumeTrue(Tool.find("qemu-io", System.getenv()).isPresent(), "qemu-io is not here");
    Process holder =
        new ProcessBuilder("qemu-io", "-f", "qcow2", root.toString())
            .redirectErrorStream(true)
            .start();
    try {
      holder.getOutputStream().write("length\n".getBytes(StandardCharsets.US_ASCII));
      holder.getOutputStream().flush();
      assertTrue(holder.getInputStream().read() >= 0);

      assertTrue(
          refusal(() -> new Templates(home).make("one"))
              .startsWith("The machine \"one\" cannot become a template now: "));
      assertTrue(Files.exists(root));
    } finally {
      holder.destroy();
      holder.waitFor();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "..", "a/b", "-a", "a\nb"})
  void aNameThatCouldLeadElsewhereIsRefused(String name) {
    assertTrue(refusal(() -> new Templates(home).make(name)).contains("is not possible"));
  }

  @Test
  void aConvertedDiskStandsAlone() throws Exception {
    Path one = clone(base(), "one");
    Path raw = path("copy.raw");
    Path back = path("copy.qcow2");

    disks.convert(one, DiskFormat.QCOW2, raw, DiskFormat.RAW, Progress.NONE);
    disks.convert(raw, DiskFormat.RAW, back, DiskFormat.QCOW2, Progress.NONE);

    assertEquals("base", read(raw, DiskFormat.RAW, 4));
    Disks.Info info = Disks.info(back, DiskFormat.QCOW2);
    assertEquals(SIZE, info.size());
    assertNull(info.base());
    assertTrue(info.bytesOnDisk() < 1 << 20);
    assertTrue(
        refusal(() -> disks.convert(one, DiskFormat.QCOW2, raw, DiskFormat.RAW, Progress.NONE))
            .contains("is there already"));
  }

  @Test
  void aCancelledCopyLeavesNothing() throws Exception {
    Path base = base();
    Thread.currentThread().interrupt();

    DiskImageException e =
        assertThrows(
            DiskImageException.class,
            () ->
                disks.convert(
                    base, DiskFormat.RAW, path("copy.raw"), DiskFormat.RAW, Progress.NONE));

    assertTrue(Thread.interrupted());
    assertEquals("The copy was cancelled; nothing of it was kept.", e.getMessage());
    try (var files = Files.list(home)) {
      assertEquals(2, files.count());
    }
  }

  @Test
  void growsButShrinksOnlyWhenTold() throws Exception {
    Path one = clone(base(), "one");

    disks.resize(one, DiskFormat.QCOW2, 2 * SIZE, false);

    assertEquals(2 * SIZE, Disks.info(one, DiskFormat.QCOW2).size());
    assertTrue(
        refusal(() -> disks.resize(one, DiskFormat.QCOW2, SIZE, false))
            .contains("would cut its end off"));
  }

  @Test
  void theMapTellsTheLayers() throws Exception {
    Path one = clone(base(), "one");
    try (DiskImage open = disks.open(one, DiskFormat.QCOW2, false)) {
      open.write(ByteBuffer.allocate(65536).put(0, (byte) 1), 0);
    }

    List<Disks.MapRange> map = disks.map(one, DiskFormat.QCOW2);

    assertEquals(new Disks.MapRange(0, 65536, Extent.Kind.DATA, 0), map.getFirst());
    assertEquals(1, map.get(1).layer());
    assertEquals(SIZE, map.stream().mapToLong(Disks.MapRange::length).sum());
  }

  @ParameterizedTest
  @ValueSource(strings = {"vmdk", "vdi", "vhdx"})
  void takesDisksOfOtherPrograms(String format) throws Exception {
    assumeTrue(Tool.find("qemu-img", System.getenv()).isPresent(), "qemu-img is not here");
    Path base = base();
    Path foreign = path("foreign." + format);
    Tool tool = new Tool(path("log"), 60);
    assertEquals(
        0,
        tool.run(
            List.of(
                "qemu-img",
                "convert",
                "-O",
                format,
                "-f",
                "raw",
                base.toString(),
                foreign.toString()),
            _ -> {}));

    ForeignDisks.take(foreign, path("vms/one/taken.qcow2"), System.getenv(), Progress.NONE);

    assertEquals("base", read(path("vms/one/taken.qcow2"), DiskFormat.QCOW2, 4));
  }

  @Test
  void saysWhyAForeignDiskCannotBeTaken() throws Exception {
    Path damaged = path("damaged.vdi");
    Files.writeString(damaged, "no disk");

    assertTrue(
        refusal(() -> ForeignDisks.take(damaged, path("x"), Map.of("PATH", "/"), Progress.NONE))
            .matches("(?s)Disks of other programs need qemu-img.*|.*cannot be converted: .*"));
    assertThrows(
        ImageException.class,
        () -> ForeignDisks.take(path("disk.iso"), path("x"), Map.of(), Progress.NONE));
    assertFalse(Files.exists(path("x")));
  }
}
