package org.vivarium.vmm.machine;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import org.vivarium.images.BootImage;
import org.vivarium.images.tiny.TinyLinux;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.engine.VirtualMachine;
import org.vivarium.vmm.engine.qemu.TestConsole;
import org.vivarium.vmm.engine.qemu.TestListener;

/**
 * Tiny Linux on our own machine, for tests that boot real kernels. The images are made beforehand
 * ({@code ./vivarium test} does that): the rig's file system forgets what is built in it.
 */
final class TinyGuest implements AutoCloseable {
  /** Far more than a boot takes in the slowest rig: a test that waits so long has failed. */
  static final Duration PATIENCE = Duration.ofSeconds(240);

  static final String PROMPT = "tiny:~# ";

  final TestConsole console = new TestConsole();
  final TestConsole hvc = new TestConsole();
  final TestListener events = new TestListener();
  final VirtualMachine machine;

  private TinyGuest(MachineConfig config) throws Exception {
    machine = new KvmEngine().create(config, console, hvc, events);
    machine.start();
  }

  /** Starts a machine of the test's own. */
  static TinyGuest start(MachineConfig config) throws Exception {
    return new TinyGuest(config);
  }

  /** What a test boots. */
  record Request(String flavour, int cpus, long mib, String extra, DeviceSet devices) {
    Request(String flavour, int cpus, long mib, String extra) {
      this(flavour, cpus, mib, extra, DeviceSet.NONE);
    }

    static Request small(String extra) {
      return new Request(TinyLinux.DEFAULT_FLAVOUR, 1, 256, extra);
    }
  }

  /** Boots to a prompt, or whatever the extra words on the command line lead to. */
  static TinyGuest boot(Request request) throws Exception {
    BootImage image = image(request);
    return boot(request, image.kernel());
  }

  /**
   * The same with the bzImage alone, which unpacks itself.
   *
   * @param folder where a link to it is made, away from its unpacked form
   */
  static TinyGuest bootPacked(Request request, Path folder) throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("vmlinuz"), image(request).kernel());
    return boot(request, link);
  }

  private static TinyGuest boot(Request request, Path kernel) throws Exception {
    BootImage image = image(request);
    BootSource source =
        new BootSource(kernel, image.initrd(), image.commandLine() + " " + request.extra());
    return new TinyGuest(
        MachineConfig.of("test", request.cpus(), request.mib() << 20, source, request.devices()));
  }

  private static BootImage image(Request request) throws Exception {
    return TinyLinux.locate(Folders.standard().images(), request.flavour())
        .orElseThrow(
            () ->
                new AssertionError(
                    "Tiny Linux (" + request.flavour() + ") is not built; ./vivarium test does"));
  }

  /** The words that make Tiny Linux run a script instead of a shell and power off. */
  static String exec(String script) {
    return "vivarium.exec="
        + Base64.getEncoder().encodeToString(script.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    machine.close();
  }
}
