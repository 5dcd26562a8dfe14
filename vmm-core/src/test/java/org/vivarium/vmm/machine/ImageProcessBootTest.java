package org.vivarium.vmm.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vivarium.images.BootImage;
import org.vivarium.images.oci.BuildWorkloadImages;
import org.vivarium.images.oci.ImageProcess;
import org.vivarium.images.oci.OciStore;
import org.vivarium.images.oci.RuncBundle;
import org.vivarium.images.oci.StoredImage;
import org.vivarium.images.tiny.TinyLinux;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.engine.ImageRun;
import org.vivarium.vmm.engine.Outcome;

/**
 * One process of an image does the same in a machine that stacks its layers, and in a container:
 * one static program, and programs and libraries of Debian's. Whoever runs it in the rig prepares
 * the images outside, as run-tests does: to unpack and pack them there would take minutes.
 */
@Tag("boot")
class ImageProcessBootTest {
  /** All files with their owners, modes, sizes and times, and what the process is told. */
  private static final String LOOK =
      "find / -xdev ! -type d ! -path '/dev/*' -exec stat -c '%%A %%u %%g %%s %%Y %%n' {} + | sort;"
          + " id; pwd; echo $PATH; %s; exit 7";

  @TempDir private Path folder;

  private record End(String output, int status) {}

  @ParameterizedTest
  @CsvSource({"busybox,1,true", "web,2,nginx -V 2>&1"})
  void machineAndContainerPrintAndEndAlike(String name, int layers, String command)
      throws Exception {
    assumeTrue(OciStore.form(System.getenv()) == OciStore.Form.LAYERS, "needs squashfs-tools");
    assumeTrue(Files.exists(Path.of("/usr/sbin/runc")), "needs runc");
    StoredImage image =
        BuildWorkloadImages.obtain(Folders.standard().images(), name, System.getenv());
    ImageProcess process = image.process(List.of("sh", "-c", LOOK.formatted(command)));

    End machine = machine(image, process);
    End container = container(image, process);

    assertEquals(layers, image.layers().size());
    assertTrue(container.output.contains("uid=0(root)"), container.output);
    assertEquals(new End(container.output, 7), machine);
    assertEquals(7, container.status);
  }

  private static End machine(StoredImage image, ImageProcess process) throws Exception {
    BootImage tiny = TinyLinux.locate(Folders.standard().images()).orElseThrow();
    ImageRun run = ImageRun.of(new KvmEngine(), image, process, tiny);
    assertInstanceOf(Outcome.PoweredOff.class, run.outcome(), run.serial());
    return new End(new String(run.output(), StandardCharsets.ISO_8859_1), run.status().orElse(-1));
  }

  private End container(StoredImage image, ImageProcess process) throws Exception {
    Path bundle = Files.createDirectory(folder.resolve("bundle"));
    RuncBundle.write(
        process,
        new RuncBundle.Settings(image.rootFolder(), true, 256 << 20, 1, "", 0, 0, ""),
        bundle);
    Process runc =
        new ProcessBuilder("/usr/sbin/runc", "run", "--bundle", bundle.toString(), "image-test")
            .redirectErrorStream(true)
            .start();
    runc.getOutputStream().close();
    String said = new String(runc.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    return new End(said, runc.waitFor());
  }
}
