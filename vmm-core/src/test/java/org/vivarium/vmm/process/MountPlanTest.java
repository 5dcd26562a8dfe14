package org.vivarium.vmm.process;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.kvm.Landlock.Access;
import org.vivarium.vmm.process.MountPlan.Kind;
import org.vivarium.vmm.process.MountPlan.Step;

/** Mounts for allowed files, as planned; that they work is shown by {@link ConfinedProcessTest}. */
class MountPlanTest {
  private static final String READ_ONLY = "rbind,nodev,noexec,nosuid,ro";
  private static final String WRITABLE = "rbind,nodev,noexec,nosuid";

  @TempDir private Path temporary;
  private Path home;
  private final AllowedFiles files = new AllowedFiles();

  @BeforeEach
  void makeFolders() throws Exception {
    home = temporary.toRealPath();
    Files.createDirectories(home.resolve("machine/state"));
    Files.createFile(home.resolve("machine/disk"));
  }

  private List<Step> plan(HostMount... mounts) {
    return MountPlan.of(files, List.of(mounts)).steps();
  }

  @Test
  void writableFilesLieOnReadOnlyFolders() {
    files.allow(home.resolve("machine/state"), Access.OWN);
    files.allow(home.resolve("machine"), Access.READ);
    files.allow(home.resolve("machine/disk"), Access.WRITE);

    assertEquals(
        List.of(
            new Step(Kind.FOLDER, READ_ONLY, home.resolve("machine")),
            new Step(Kind.FILE, WRITABLE, home.resolve("machine/disk")),
            new Step(Kind.FOLDER, WRITABLE, home.resolve("machine/state"))),
        plan());
  }

  @Test
  void nothingIsMountedTwiceOrTakenBack() {
    files.allow(home.resolve("machine"), Access.EXECUTE).allow(home.resolve("machine"), Access.OWN);
    files.allow(home.resolve("machine/state"), Access.READ);
    files.allow(home.resolve("machine/disk"), Access.EXECUTE);
    files.allow(home.resolve("missing"), Access.OWN);

    assertEquals(
        List.of(new Step(Kind.FOLDER, "rbind,nodev,nosuid", home.resolve("machine"))), plan());
  }

  @Test
  void devicesStayDevices() {
    files.allow(Path.of("/dev/null"), Access.DEVICE).allow(Path.of("/dev/zero"), Access.READ);

    assertEquals(
        List.of(
            new Step(Kind.FILE, "rbind,noexec,nosuid", Path.of("/dev/null")),
            new Step(Kind.FILE, "rbind,noexec,nosuid,ro", Path.of("/dev/zero"))),
        plan());
  }

  @Test
  void linksOnTheWayAreMadeAgain() throws Exception {
    Files.createSymbolicLink(home.resolve("link"), Path.of("machine"));
    Files.createSymbolicLink(home.resolve("far"), home.resolve("link/state"));
    Files.createSymbolicLink(home.resolve("loop"), Path.of("loop"));
    files.allow(home.resolve("far"), Access.OWN).allow(home.resolve("loop"), Access.OWN);

    assertEquals(
        List.of(
            new Step(Kind.FOLDER, WRITABLE, home.resolve("machine/state")),
            new Step(Kind.LINK, home.resolve("link/state").toString(), home.resolve("far")),
            new Step(Kind.LINK, "machine", home.resolve("link")),
            new Step(Kind.LINK, "loop", home.resolve("loop"))),
        plan());
  }

  @Test
  void linkInMountedFolderIsThereAlready() throws Exception {
    Files.createSymbolicLink(home.resolve("machine/link"), Path.of("disk"));
    files.allow(home.resolve("machine"), Access.READ);
    files.allow(home.resolve("machine/link"), Access.WRITE);

    assertEquals(
        List.of(
            new Step(Kind.FOLDER, READ_ONLY, home.resolve("machine")),
            new Step(Kind.FILE, WRITABLE, home.resolve("machine/disk"))),
        plan());
  }

  @Test
  void whatIsMountedBelowIsRestrictedTooAndKeepsItsRestrictions() {
    files.allow(home.resolve("machine"), Access.EXECUTE);

    assertEquals(
        List.of(
            new Step(Kind.FOLDER, "rbind,nodev,noexec,nosuid,ro", home.resolve("machine")),
            new Step(Kind.OPTIONS, "remount,bind,nodev,nosuid,ro", home.resolve("machine/state"))),
        plan(
            new HostMount(Path.of("/"), Set.of("ro")),
            new HostMount(home, Set.of("noexec")),
            new HostMount(home.resolve("machine/state"), Set.of())));
  }

  @Test
  void mountinfoIsReadAsTheKernelWritesIt() {
    Collection<HostMount> mounts =
        HostMount.all(
            List.of(
                "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
                "30 22 0:27 / /media/two\\040words\\134 rw,nosuid,nodev - vfat /dev/sdb1 ro",
                "31 22 0:28 / /misc rw - autofs none rw",
                "32 31 0:29 / /misc ro,noexec - misc none rw"));

    assertEquals(
        List.of(
            new HostMount(Path.of("/"), Set.of()),
            new HostMount(Path.of("/media/two words\\"), Set.of("nosuid", "nodev")),
            new HostMount(Path.of("/misc"), Set.of("ro", "noexec"))),
        List.copyOf(mounts));
  }
}
