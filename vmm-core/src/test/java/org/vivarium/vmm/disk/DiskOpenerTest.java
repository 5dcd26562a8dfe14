package org.vivarium.vmm.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.RawImage;
import org.vivarium.images.qcow2.Qcow2Creator;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.RateLimit;

class DiskOpenerTest {
  private static final long SIZE = 1 << 20;

  @TempDir private Path folder;
  private final DiskOpener opener = DiskOpener.standard();

  private DiskConfig disk(String name, @Nullable DiskFormat format, boolean readOnly) {
    return new DiskConfig("d", folder.resolve(name), format, readOnly, "", RateLimit.NONE);
  }

  private DiskConfig raw(String name) throws Exception {
    RawImage.create(folder.resolve(name), SIZE);
    return disk(name, null, false);
  }

  private DiskConfig qcow2(String name, @Nullable DiskFormat format) throws Exception {
    Qcow2Creator.create(folder.resolve(name), Qcow2Creator.Spec.of(SIZE));
    return disk(name, format, false);
  }

  private String refusal(DiskConfig disk) {
    String message =
        assertThrows(InvalidConfigException.class, () -> opener.open(disk)).getMessage();
    assertTrue(message.matches("[A-Z].*[.]"), message);
    return message;
  }

  @Test
  void formatFollowsNameAndFirstBytesWhereTheyAgree() throws Exception {
    assertEquals(DiskFormat.RAW, DiskOpener.formatOf(raw("a.img")));
    assertEquals(DiskFormat.QCOW2, DiskOpener.formatOf(qcow2("b.QCOW2", null)));
    assertEquals(DiskFormat.QCOW2, DiskOpener.formatOf(qcow2("c", DiskFormat.QCOW2)));
  }

  @Test
  void rawDiskThatAGuestMadeLookLikeQcow2IsNotOpenedAsIt() throws Exception {
    DiskConfig disk = qcow2("a.img", null);

    assertTrue(refusal(disk).contains("name its format"));
    try (DiskImage image = opener.open(disk("a.img", DiskFormat.RAW, false))) {
      assertEquals(Files.size(disk.file()), image.size());
    }
  }

  @Test
  void qcow2NameWithoutItsBytesIsRefused() throws Exception {
    assertTrue(refusal(raw("a.qcow2")).contains("name its format"));
  }

  @Test
  void fileThatIsNoDiskIsRefused() throws Exception {
    refusal(disk("missing", null, false));
    refusal(disk("missing", DiskFormat.QCOW2, true));
    refusal(disk("", DiskFormat.RAW, false));
    refusal(new DiskConfig("d", Path.of("/dev/null"), null, true, "", RateLimit.NONE));
  }

  @Test
  void backingFileOutsideTheUsersFoldersIsNotOpened() throws Exception {
    Path base = folder.resolve("base.raw");
    RawImage.create(base, SIZE);
    Qcow2Creator.create(
        folder.resolve("top.qcow2"),
        Qcow2Creator.Spec.of(SIZE).over(base.toString(), org.vivarium.images.disk.DiskFormat.RAW));

    assertTrue(refusal(disk("top.qcow2", null, false)).contains("does not allow"));
  }

  @Test
  void diskIsOpenedForWritingOnceAndForReadingOften() throws Exception {
    DiskConfig disk = raw("a.img");
    DiskConfig reader = disk("a.img", null, true);
    try (DiskImage _ = opener.open(disk)) {
      assertTrue(refusal(disk).contains("in use"));
      assertTrue(refusal(reader).contains("in use"));
    }
    try (DiskImage _ = opener.open(reader);
        DiskImage _ = opener.open(reader)) {
      assertTrue(refusal(disk).contains("in use"));
    }
    opener.open(disk).close();
  }

  @Test
  void qemuSeesOurLock() throws Exception {
    Path qemu = Path.of("/usr/bin/qemu-img");
    Assumptions.assumeTrue(Files.isExecutable(qemu), "qemu-img is not installed");
    DiskConfig disk = qcow2("a.qcow2", null);
    String[] check = {qemu.toString(), "check", disk.file().toString()};
    try (DiskImage _ = opener.open(disk)) {
      Process refused = new ProcessBuilder(check).redirectErrorStream(true).start();
      String said = new String(refused.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(refused.waitFor(30, TimeUnit.SECONDS) && refused.exitValue() != 0, said);
      assertTrue(said.contains("lock"), said);
    }
    Process allowed = new ProcessBuilder(List.of(check)).start();
    assertTrue(allowed.waitFor(30, TimeUnit.SECONDS) && allowed.exitValue() == 0);
  }

  @Test
  void checkLeavesTheDiskFree() throws Exception {
    DiskConfig disk = qcow2("a.qcow2", null);
    opener.check(disk);
    opener.open(disk).close();
    assertThrows(VmmException.class, () -> opener.check(disk("missing", null, false)));
  }
}
