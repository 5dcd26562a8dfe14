package org.vivarium.vmm.engine.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vivarium.images.BootImage;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.PackageSources;
import org.vivarium.images.oci.BuildWorkloadImages;
import org.vivarium.images.oci.OciStore;
import org.vivarium.images.oci.StoredImage;
import org.vivarium.images.tiny.TinyLinux;
import org.vivarium.vmm.engine.ImageRun;
import org.vivarium.vmm.engine.Outcome;

/** What a process of an image prints in an emulated machine, byte for byte. */
@Tag("emulation")
@Timeout(900)
class QemuImageProcessTest {
  private static final int MEGABYTE = 1 << 20;

  private static ImageRun run(String command) throws Exception {
    assumeTrue(OciStore.form(System.getenv()) == OciStore.Form.LAYERS, "needs squashfs-tools");
    Path images = TestGuest.images();
    Map<String, String> environment = Map.copyOf(System.getenv());
    BootImage tiny =
        TinyLinux.obtain(
            images,
            TinyLinux.DEFAULT_FLAVOUR,
            PackageSources.choose(images.resolve("sources"), environment),
            Progress.NONE);
    StoredImage image = BuildWorkloadImages.obtain(images, "busybox", environment);
    return ImageRun.of(
        new QemuEngine(_ -> {}), image, image.process(List.of("sh", "-c", command)), tiny);
  }

  @Test
  void aMegabyteOfAnyBytesArrivesWhole() throws Exception {
    ImageRun run =
        run("head -c 1048576 /dev/urandom >/x; cat /x; sha256sum </x | cut -c1-64; exit 9");

    assertInstanceOf(Outcome.PoweredOff.class, run.outcome(), run.serial());
    assertEquals(OptionalInt.of(9), run.status(), run.serial());
    byte[] data = Arrays.copyOf(run.output(), MEGABYTE);
    String said =
        new String(
            run.output(), MEGABYTE, run.output().length - MEGABYTE, StandardCharsets.US_ASCII);
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    assertEquals(said, HexFormat.of().formatHex(digest.digest(data)) + "\n");
    assertEquals(256, IntStream.range(0, MEGABYTE).map(i -> data[i]).distinct().count());
  }

  @Test
  void whatTheProcessLeavesBehindDoesNotHoldUpTheEnd() throws Exception {
    ImageRun run = run("sleep 100000 & echo error >&2; cat; exit 3");

    assertEquals(OptionalInt.of(3), run.status(), run.serial());
    assertEquals("error\n", new String(run.output(), StandardCharsets.US_ASCII));
  }
}
