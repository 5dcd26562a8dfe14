package org.vivarium.images.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.ImageException;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.PosixFileLocker;
import org.vivarium.images.library.Snapshots.Snapshot;
import org.vivarium.images.qcow2.Qemu;

class SnapshotsTest {
  private static final long SIZE = 4 << 20;
  private static final List<Path> DISKS = List.of(Path.of("root.qcow2"), Path.of("disks/d.qcow2"));

  @TempDir Path home;
  private Path machine = Path.of("/");
  private Snapshots snapshots = new Snapshots(Path.of("/"), PosixFileLocker.shared());

  @BeforeEach
  void makeMachine() throws IOException {
    snapshots = new Snapshots(home, PosixFileLocker.shared());
    machine = home.resolve("vms/web");
    Files.createDirectories(machine.resolve("disks"));
    Path base = Files.createDirectories(home.resolve("images/guest/1")).resolve("disk.raw");
    Disks.create(base, DiskFormat.RAW, SIZE);
    Clones.link(home, base, DiskFormat.RAW, machine.resolve("root.qcow2"), 0);
    Disks.create(machine.resolve("disks/d.qcow2"), DiskFormat.QCOW2, SIZE);
    define("first");
    write("one");
  }

  private void define(String text) throws IOException {
    Files.writeString(machine.resolve("vm.json"), text);
  }

  /** Writes to both disks. */
  private void write(String text) throws IOException {
    for (Path disk : DISKS) {
      try (DiskImage image = open(disk)) {
        image.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), 70_000);
        image.flush();
      }
    }
  }

  private DiskImage open(Path disk) throws IOException {
    return Disks.of(home).open(machine.resolve(disk), DiskFormat.QCOW2, false);
  }

  private String read(Path disk) throws IOException {
    try (DiskImage image = open(disk)) {
      byte[] bytes = new byte[3];
      image.read(ByteBuffer.wrap(bytes), 70_000);
      return new String(bytes, StandardCharsets.US_ASCII);
    }
  }

  private Snapshot take(String name) throws Exception {
    return snapshots.take(machine, name, "", DISKS, Instant.ofEpochSecond(1_700_000_000));
  }

  private void assertHolds(String text) throws Exception {
    for (Path disk : DISKS) {
      assertEquals(text, read(disk), disk.toString());
      Qemu.assertClean(machine.resolve(disk));
    }
  }

  /** The folders of frozen disks. */
  private long frozen() throws IOException {
    Path templates = Files.createDirectories(home.resolve("templates"));
    try (Stream<Path> folders = Files.list(templates)) {
      return folders.filter(Files::isDirectory).count();
    }
  }

  private static String refusal(org.junit.jupiter.api.function.Executable action) {
    return String.valueOf(assertThrows(Exception.class, action).getMessage());
  }

  @Test
  void restoredMachineHasTheDisksAndTheDefinitionOfThen() throws Exception {
    take("s1");
    define("second");
    write("two");

    Snapshot restored = snapshots.restore(machine, "s1");

    assertHolds("one");
    assertEquals("first", Files.readString(machine.resolve("vm.json")));
    assertEquals(restored, snapshots.find(machine, "s1"), "it can be restored again");
  }

  @Test
  void snapshotsStandOnEachOtherAndEachIsRestored() throws Exception {
    take("s1");
    write("two");
    take("s2");
    write("new");

    snapshots.restore(machine, "s1");
    assertHolds("one");
    snapshots.restore(machine, "s2");
    assertHolds("two");

    assertEquals(
        List.of("s1", "s2"), snapshots.list(machine).stream().map(Snapshot::name).toList());
  }

  @Test
  void removedSnapshotLeavesWhatOthersStandOn() throws Exception {
    take("s1");
    write("two");
    take("s2");

    snapshots.remove(machine, "s1");

    assertHolds("two");
    snapshots.restore(machine, "s2");
    assertHolds("two");
    assertEquals(2, frozen(), "s2 stands on what s1 held");
  }

  @Test
  void whatNothingStandsOnIsDeleted() throws Exception {
    take("s1");
    write("two");
    take("s2");
    snapshots.restore(machine, "s1");

    snapshots.remove(machine, "s2");

    assertHolds("one");
    assertEquals(1, frozen());
  }

  @Test
  void deletedMachineTakesItsFrozenDisksWithIt() throws Exception {
    take("s1");
    take("s2");
    FrozenDisks frozen = new FrozenDisks(home);
    var below = frozen.below(machine);
    org.vivarium.images.DurableFiles.deleteFolder(machine);

    frozen.sweep(below);

    assertEquals(0, frozen());
  }

  @Test
  void clonesKeepWhatTheyStandOn() throws Exception {
    Snapshot taken = take("s1");
    Path other = Files.createDirectories(home.resolve("vms/other")).resolve("root.qcow2");
    Clones.link(home, taken.folder().resolve("root.qcow2"), DiskFormat.QCOW2, other, 0);
    snapshots.restore(machine, "s1");

    snapshots.remove(machine, "s1");
    org.vivarium.images.DurableFiles.deleteFolder(machine);
    new FrozenDisks(home).sweep(List.of(taken.folder()));

    try (DiskImage image = Disks.of(home).open(other, DiskFormat.QCOW2, true)) {
      byte[] bytes = new byte[3];
      image.read(ByteBuffer.wrap(bytes), 70_000);
      assertEquals("one", new String(bytes, StandardCharsets.US_ASCII));
    }
    assertFalse(Files.exists(taken.folder().resolve("disks/d.qcow2")), "nobody stands on it");
  }

  @Test
  void diskInUseIsRefusedAndNothingIsLeft() throws Exception {
    try (DiskImage _ = open(DISKS.get(1))) {
      assertThrows(DiskImageException.class, () -> take("s1"));
    }

    assertEquals(List.of(), snapshots.list(machine));
    assertEquals(0, frozen());
    assertHolds("one");
    take("s1");
  }

  @Test
  void crashBeforeTheLastStepLeavesTheMachineAsItWas() throws Exception {
    Snapshot taken = take("s1");

    Files.delete(machine.resolve("snapshots/s1.json"));

    assertHolds("one");
    assertTrue(Files.exists(taken.folder()), "the disks stand on it");
    take("s1");
    assertHolds("one");
  }

  @Test
  void restoringThatWasCutOffIsDoneAgainBeforeAnythingElse() throws Exception {
    take("s1");
    write("two");
    // As after a crash between the first disk and the second.
    Files.writeString(machine.resolve("snapshots/.restoring"), "s1");
    Files.delete(machine.resolve("root.qcow2"));

    assertTrue(refusal(() -> Snapshots.requireWhole(machine)).contains("cut off"));
    assertTrue(refusal(() -> take("s2")).contains("cut off"));
    snapshots.restore(machine, "s1");

    Snapshots.requireWhole(machine);
    assertHolds("one");
  }

  @Test
  void badNamesAndFilesAreRefused() throws Exception {
    take("s1");

    assertTrue(refusal(() -> take("s1")).contains("already"));
    assertTrue(refusal(() -> take("../s2")).contains("not possible"));
    assertTrue(refusal(() -> snapshots.restore(machine, "s2")).contains("no snapshot"));
    Path manifest = machine.resolve("snapshots/s1.json");
    Files.writeString(manifest, Files.readString(manifest).replace("disks/d", "../d"));
    assertTrue(
        assertThrows(ImageException.class, () -> snapshots.list(machine))
            .getMessage()
            .contains("damaged"));
  }
}
