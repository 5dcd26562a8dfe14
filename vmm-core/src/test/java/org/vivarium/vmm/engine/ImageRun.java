package org.vivarium.vmm.engine;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import org.vivarium.images.BootImage;
import org.vivarium.images.oci.GuestOutput;
import org.vivarium.images.oci.GuestProcess;
import org.vivarium.images.oci.ImageProcess;
import org.vivarium.images.oci.OciStore;
import org.vivarium.images.oci.StoredImage;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.engine.qemu.TestConsole;

/**
 * One process of an image in a machine whose virtio console has a port for its output.
 *
 * @param output what it printed
 * @param status its exit status, if the guest told it
 * @param outcome how the machine ended
 * @param serial what the serial port said meanwhile
 */
public record ImageRun(byte[] output, OptionalInt status, Outcome outcome, String serial) {
  private static final Duration PATIENCE = Duration.ofSeconds(240);

  /** Runs it to its end. */
  public static ImageRun of(Engine engine, StoredImage image, ImageProcess process, BootImage tiny)
      throws Exception {
    BootImage guest =
        GuestProcess.guest(
            image,
            process,
            tiny,
            new GuestProcess.Setting(
                OciStore.Form.LAYERS, false, GuestProcess.Carrier.PORT, false));
    List<DiskConfig> disks = new ArrayList<>();
    for (Path layer : image.layers()) {
      String serial = GuestProcess.serial(disks.size());
      disks.add(new DiskConfig(serial, layer, DiskFormat.RAW, true, serial, RateLimit.NONE));
    }
    MachineConfig config =
        MachineConfig.of(
            "run",
            1,
            256 << 20,
            new BootSource(guest.kernel(), guest.initrd(), guest.commandLine()),
            DeviceSet.NONE.withDisks(disks).withConsole(true));
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    GuestOutput output = new GuestOutput(printed::write);
    TestConsole serial = new TestConsole();
    AtomicReference<VirtualMachine> created = new AtomicReference<>();
    ConsoleOutput port =
        (bytes, offset, length) -> {
          output.write(bytes, offset, length);
          output
              .confirmation()
              .map(line -> line.getBytes(StandardCharsets.US_ASCII))
              .ifPresent(line -> created.get().virtioInput(line, 0, line.length));
        };
    try (VirtualMachine machine = engine.create(config, serial, port, _ -> {})) {
      created.set(machine);
      machine.start();
      Outcome outcome = machine.await(PATIENCE).orElseThrow();
      OptionalInt status = output.end();
      return new ImageRun(printed.toByteArray(), status, outcome, serial.text());
    }
  }
}
