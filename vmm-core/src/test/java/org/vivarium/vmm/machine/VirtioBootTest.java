package org.vivarium.vmm.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.RawImage;
import org.vivarium.images.qcow2.DiskImages;
import org.vivarium.images.qcow2.Qcow2Creator;
import org.vivarium.images.tiny.TinyLinux;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.engine.MachineEvent;
import org.vivarium.vmm.engine.Outcome;
import org.vivarium.vmm.engine.qemu.TestConsole;

/** The drivers of stock kernels work with our virtio devices. */
@Tag("boot")
class VirtioBootTest {
  private static final long DISK = 64 << 20;
  private static final int WRITTEN = 8 << 20;
  private static final int WRITTEN_AT = 1 << 20;

  private static final String LOOK =
      """
      for disk in vda vdb; do
        dd if=/dev/urandom of=/tmp/data bs=1M count=8 2>/dev/null
        dd if=/tmp/data of=/dev/$disk bs=1M seek=1 conv=fsync 2>/dev/null || echo failed=write
        echo sum-$disk=$(sha256sum </tmp/data | cut -d' ' -f1)
        echo 3 >/proc/sys/vm/drop_caches
        echo read-$disk=$(dd if=/dev/$disk bs=1M skip=1 count=8 2>/dev/null | sha256sum | cut -d' ' -f1)
        echo serial-$disk=$(cat /sys/block/$disk/serial) sectors=$(cat /sys/block/$disk/size)
      done
      echo cache=$(cat /sys/block/vda/queue/write_cache) discard=$(cat /sys/block/vdb/queue/discard_max_bytes)
      blkdiscard -o 16777216 -l 4194304 /dev/vdb || echo failed=discard
      echo ro=$(cat /sys/block/vdc/ro)
      dd if=/dev/zero of=/dev/vdc bs=512 count=1 conv=fsync 2>/dev/null && echo failed=wrote-read-only
      echo kept | dd of=/dev/vda conv=fsync,notrunc 2>/dev/null
      modprobe -r virtio_blk 2>/dev/null; echo gone=$(ls /dev/vd* 2>/dev/null | wc -w)
      modprobe virtio_blk; echo back=$(head -n1 /dev/vda)
      echo hwrng=$(cat /sys/class/misc/hw_random/rng_current) bytes=$(dd if=/dev/hwrng bs=64 count=1 2>/dev/null | wc -c)
      i=0; while [ $i -lt 500 ]; do echo "line $i of many on the virtio console"; i=$((i+1)); done >/dev/hvc0
      echo last words >/dev/hvc0
      ip link set eth0 up; sleep 1
      echo mac=$(cat /sys/class/net/eth0/address) carrier=$(cat /sys/class/net/eth0/carrier)
      grep -c virtio /proc/interrupts
      grep virtio /proc/interrupts
      """;

  @TempDir private Path folder;

  static List<String> flavours() throws Exception {
    return TinyLinux.flavours();
  }

  @ParameterizedTest
  @MethodSource("flavours")
  void stockDriversUseEveryDevice(String flavour) throws Exception {
    DeviceSet devices = devices();
    TinyGuest.Request request =
        new TinyGuest.Request(
            flavour, 2, 256, TinyGuest.exec("cat /dev/vdc >/tmp/look; . /tmp/look"), devices);
    String text;
    String hvc;
    try (TinyGuest guest = TinyGuest.boot(request)) {
      Optional<Outcome> outcome = guest.machine.await(TinyGuest.PATIENCE);
      text = guest.console.text();
      hvc = guest.hvc.text();
      assertInstanceOf(Outcome.PoweredOff.class, outcome.orElse(null), text);
    }

    assertTrue(!text.contains("failed="), text);
    assertTrue(text.contains("serial-vda=RAW-1 sectors=" + DISK / 512 + "\r"), text);
    assertTrue(text.contains("serial-vdb=QCOW-2 sectors=" + DISK / 512 + "\r"), text);
    assertEquals(find(text, "sum-vda=(\\w+)"), find(text, "read-vda=(\\w+)"), text);
    assertEquals(find(text, "sum-vdb=(\\w+)"), find(text, "read-vdb=(\\w+)"), text);
    assertTrue(text.contains("cache=write back discard="), text);
    assertTrue(text.contains("ro=1\r"), text);
    assertTrue(text.contains("gone=0\r") && text.contains("back=kept\r"), text);
    assertTrue(text.contains("hwrng=virtio_rng.0 bytes=64\r"), text);
    assertTrue(text.contains("mac=52:54:00:01:02:03 carrier=0\r"), text);
    assertTrue(find(text, "(PCI-MSI\\S*).*virtio").startsWith("PCI-MSI"), text);
    assertTrue(hvc.contains("line 499 of many") && hvc.contains("last words"), hvc);
    assertEquals(500, hvc.lines().filter(line -> line.startsWith("line ")).count());
    assertEquals(find(text, "sum-vdb=(\\w+)"), sumOnHost(devices.disks().get(1)));
  }

  @Test
  void disksKeepWhatAGuestFlushedOverItsRestart() throws Exception {
    DeviceSet devices = devices();
    TinyGuest.Request request =
        new TinyGuest.Request(TinyLinux.DEFAULT_FLAVOUR, 2, 256, "", devices);
    try (TinyGuest guest = TinyGuest.boot(request)) {
      guest.console.readTo(TinyGuest.PROMPT, TinyGuest.PATIENCE);
      TestConsole.type(
          guest.machine,
          "for d in vda vdb; do echo mark-$d | dd of=/dev/$d conv=fsync,notrunc; done 2>/dev/null;"
              + " dd if=/dev/zero of=/dev/vda bs=1M seek=8 & reboot -f");
      guest.events.await(e -> e instanceof MachineEvent.Restarted, TinyGuest.PATIENCE);
      guest.console.readTo(TinyGuest.PROMPT, TinyGuest.PATIENCE);
      TestConsole.type(guest.machine, "head -n1 /dev/vda; head -n1 /dev/vdb; poweroff");

      Optional<Outcome> outcome = guest.machine.await(TinyGuest.PATIENCE);
      String text = guest.console.text();
      assertInstanceOf(Outcome.PoweredOff.class, outcome.orElse(null), text);
      assertTrue(text.contains("\nmark-vda") && text.contains("\nmark-vdb"), text);
    }
  }

  @Test
  void virtioConsoleTakesInputAndItsSize() throws Exception {
    TinyGuest.Request request =
        new TinyGuest.Request(TinyLinux.DEFAULT_FLAVOUR, 1, 256, "console=hvc0", devices());
    try (TinyGuest guest = TinyGuest.boot(request)) {
      guest.hvc.readTo(TinyGuest.PROMPT, TinyGuest.PATIENCE);
      guest.machine.resizeConsole(132, 43);
      type(guest, "while [ \"$(stty size)\" != '43 132' ]; do :; done; echo size=$(stty size)");
      guest.hvc.readTo("size=43 132", TinyGuest.PATIENCE);
      // More than the console's ring holds, so that the guest has to take it while it comes.
      type(guest, "stty -echo; wc -l; stty echo");
      for (int i = 0; i < 2000; i++) {
        type(guest, "a line of input to be counted, of about fifty bytes: " + i);
      }
      guest.machine.virtioInput(new byte[] {4}, 0, 1);
      guest.hvc.readTo("2000\r", TinyGuest.PATIENCE);
    }
  }

  private static void type(TinyGuest guest, String line) {
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.US_ASCII);
    int typed = 0;
    while (typed < bytes.length) {
      typed += guest.machine.virtioInput(bytes, typed, bytes.length - typed);
      Thread.onSpinWait();
    }
  }

  @Test
  void driverWorksWithoutMessageSignalledInterrupts() throws Exception {
    TinyGuest.Request request =
        new TinyGuest.Request(
            TinyLinux.DEFAULT_FLAVOUR,
            1,
            256,
            "pci=nomsi "
                + TinyGuest.exec(
                    "dd if=/dev/zero of=/dev/vda bs=1M count=8 conv=fsync && echo written; cat /proc/interrupts"),
            devices());
    try (TinyGuest guest = TinyGuest.boot(request)) {
      Optional<Outcome> outcome = guest.machine.await(TinyGuest.PATIENCE);
      String text = guest.console.text();

      assertInstanceOf(Outcome.PoweredOff.class, outcome.orElse(null), text);
      assertTrue(text.contains("written\r"), text);
      assertTrue(find(text, "(IO-APIC.*virtio)").contains("fasteoi"), text);
    }
  }

  private DeviceSet devices() throws Exception {
    Path raw = folder.resolve("raw.img");
    Path qcow2 = folder.resolve("disk.qcow2");
    Path locked = folder.resolve("locked.img");
    RawImage.create(raw, DISK);
    // Too long for a command line, so the guest reads it from its third disk.
    Files.writeString(locked, LOOK + "\n".repeat(4096 - LOOK.length()));
    Qcow2Creator.create(qcow2, Qcow2Creator.Spec.of(DISK));
    return new DeviceSet(
        List.of(
            new DiskConfig("one", raw, null, false, "RAW-1", RateLimit.NONE),
            new DiskConfig("two", qcow2, null, false, "QCOW-2", RateLimit.NONE),
            new DiskConfig("three", locked, DiskFormat.RAW, true, "", RateLimit.NONE)),
        List.of(NetConfig.of("net0", new NetBackend.None(), "52:54:00:01:02:03")),
        true,
        false,
        true,
        null);
  }

  /** The sum of what the guest wrote, read from the image after the machine's end. */
  private static String sumOnHost(DiskConfig disk) throws Exception {
    try (DiskImage image =
        DiskImages.open(
            disk.file(), org.vivarium.images.disk.DiskFormat.QCOW2, DiskOptions.readOnlyAccess())) {
      ByteBuffer data = ByteBuffer.allocateDirect(WRITTEN);
      image.read(data, WRITTEN_AT);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes(data)));
    }
  }

  private static byte[] bytes(ByteBuffer data) {
    byte[] all = new byte[data.flip().remaining()];
    data.get(all);
    return all;
  }

  private static String find(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertTrue(matcher.find(), () -> pattern + " is not in: " + text);
    return matcher.group(1);
  }
}
