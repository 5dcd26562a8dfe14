package org.vivarium.vmm.machine;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vivarium.images.disk.RawImage;
import org.vivarium.images.tiny.TinyLinux;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.disk.DiskOpener;
import org.vivarium.vmm.engine.qemu.TestConsole;

/** Disks come, go and grow, and memory is given back, while a stock kernel runs. */
@Tag("boot")
class HotplugBootTest {
  private static final long DISK = 16 << 20;

  @TempDir private Path folder;

  static List<String> flavours() throws Exception {
    return TinyLinux.flavours();
  }

  private DiskConfig disk(String id) throws Exception {
    Path file = folder.resolve(id + ".img");
    RawImage.create(file, DISK);
    return new DiskConfig(id, file, null, false, id, RateLimit.NONE);
  }

  @ParameterizedTest
  @MethodSource("flavours")
  void disksComeAndGo(String flavour) throws Exception {
    DiskConfig first = disk("first");
    DiskConfig second = disk("second");
    DeviceSet devices = DeviceSet.NONE.withDisks(List.of(first));
    try (TinyGuest guest = TinyGuest.boot(new TinyGuest.Request(flavour, 2, 256, "", devices))) {
      guest.console.readTo(TinyGuest.PROMPT, TinyGuest.PATIENCE);
      for (int round = 0; round < 3; round++) {
        guest.machine.attachDisk(second);
        run(
            guest,
            "until [ -e /dev/vdb ]; do sleep 0.1; done;"
                + " echo round-%d | dd of=/dev/vdb conv=fsync 2>/dev/null".formatted(round));
        assertTrue(
            Files.readString(second.file(), StandardCharsets.ISO_8859_1)
                .startsWith("round-" + round));
        guest.machine.detachDisk("second");
        run(guest, "while [ -e /dev/vdb ]; do sleep 0.1; done");
        DiskOpener.standard().open(second).close();
      }
      guest.machine.detachDisk("first");
      run(guest, "while [ -e /dev/vda ]; do sleep 0.1; done");
      guest.machine.attachDisk(first);
      run(guest, "until [ -e /dev/vda ]; do sleep 0.1; done");

      guest.machine.resizeDisk("first", 2 * DISK);
      run(
          guest,
          "until [ $(cat /sys/block/vda/size) = " + 2 * DISK / 512 + " ]; do sleep 0.1; done");
    }
  }

  @Test
  void attachedDiskIsThereAfterARestart() throws Exception {
    DiskConfig disk = disk("late");
    try (TinyGuest guest = TinyGuest.boot(TinyGuest.Request.small(""))) {
      guest.console.readTo(TinyGuest.PROMPT, TinyGuest.PATIENCE);
      guest.machine.attachDisk(disk);
      guest.machine.reset();
      guest.console.readTo(TinyGuest.PROMPT, TinyGuest.PATIENCE);

      run(guest, "test $(cat /sys/block/vda/serial) = late || exec poweroff");
      guest.machine.detachDisk("late");
    }
  }

  @Test
  void balloonTakesMemoryAndTells() throws Exception {
    DeviceSet devices = new DeviceSet(List.of(), List.of(), true, true, false, null);
    try (TinyGuest guest =
        TinyGuest.boot(new TinyGuest.Request(TinyLinux.DEFAULT_FLAVOUR, 1, 256, "", devices))) {
      guest.console.readTo(TinyGuest.PROMPT, TinyGuest.PATIENCE);
      guest.machine.setBalloonTarget(200 << 20);
      while (guest.machine.guestMemory().map(told -> told.ballooned() < 50 << 20).orElse(true)) {
        run(guest, "sleep 0.2");
      }

      long total = guest.machine.guestMemory().orElseThrow().total();
      assertTrue(total > 0 && total < 256 << 20, "total " + total);
    }
  }

  private static void run(TinyGuest guest, String command) throws Exception {
    TestConsole.type(guest.machine, command + "; echo end=of-it");
    guest.console.readTo("\n", TinyGuest.PATIENCE);
    guest.console.readTo("end=of-it\r", TinyGuest.PATIENCE);
    guest.console.readTo(TinyGuest.PROMPT, TinyGuest.PATIENCE);
  }
}
