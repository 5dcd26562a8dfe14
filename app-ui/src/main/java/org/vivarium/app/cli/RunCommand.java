package org.vivarium.app.cli;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.BootImage;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.PackageSources;
import org.vivarium.images.oci.GuestProcess;
import org.vivarium.images.oci.ImageProcess;
import org.vivarium.images.oci.OciStore;
import org.vivarium.images.oci.RegistryImages;
import org.vivarium.images.oci.StoredImage;
import org.vivarium.images.oci.WorkloadImage;
import org.vivarium.images.oci.WritableDisk;
import org.vivarium.kvm.Terminal;
import org.vivarium.vmm.Engines;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.engine.EngineChoice;
import org.vivarium.vmm.machine.KvmEngine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs one process of a container image in a machine of its own. */
@Command(
    name = RunCommand.NAME,
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Run one process of a container image in a machine of its own, which ends with it.",
      "What the process prints is printed here; its exit status becomes the command's."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium run busybox echo hello",
      "  vivarium run web",
      "  vivarium run ./layout:v1 /bin/sh -c 'exit 3'",
      "",
      "Exit status: the process's own; 1 the image cannot be had or has no such command, 2 bad",
      "input, 3 the guest's kernel panicked, 125 the machine ended otherwise."
    })
final class RunCommand implements Callable<Integer> {
  static final String NAME = "run";

  /** As docker and podman have it: the engine's own failure, not the process's. */
  static final int NOT_RUN = 125;

  private static final long DEFAULT_MEMORY = 256L << 20;

  @Parameters(
      index = "0",
      paramLabel = "IMAGE",
      description =
          "busybox, web, database or batch (made here from Debian packages), an OCI layout's folder, an OCI"
              + " archive, or what docker save wrote; :TAG may follow. Or a registry's, by its full name:"
              + " docker.io/library/busybox.")
  private String image = "";

  @Parameters(
      index = "1..*",
      paramLabel = "COMMAND",
      description = "Words that replace the image's command.")
  private List<String> words = List.of();

  @Option(
      names = "--engine",
      paramLabel = "ENGINE",
      defaultValue = "auto",
      description =
          "auto, kvm (hardware virtualization) or qemu (software emulation). Default: auto.")
  private String engine = "auto";

  @Option(
      names = "--cpus",
      paramLabel = "N",
      defaultValue = "1",
      description = "Virtual processors, 1 to 64. Default: 1.")
  private int cpus;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      converter = MemorySize.class,
      description = "RAM. Default: 256M, or more if the image needs it.")
  private @Nullable Long memory;

  @Option(
      names = "--disk-size",
      paramLabel = "SIZE",
      converter = MemorySize.class,
      description =
          "Room for what the process writes, on a disk that ends with it. Default: half of the"
              + " RAM holds it.")
  private @Nullable Long diskSize;

  /** What follows the image are the process's words, those that begin with "-" too. */
  @Spec
  void parse(CommandSpec spec) {
    spec.parser().stopAtPositional(true);
  }

  @Override
  public Integer call() throws Exception {
    EngineChoice.Request request = EngineChoice.Request.of(engine);
    Path images = Folders.standard().images();
    boolean terminal =
        Terminal.isTerminal(Terminal.STANDARD_INPUT)
            && Terminal.isTerminal(Terminal.STANDARD_OUTPUT);
    OciStore.Form form = OciStore.form(System.getenv());
    if (form == OciStore.Form.ARCHIVE) {
      System.err.println(
          "There is no sqfstar, so the whole image goes into the guest's memory; install the"
              + " package squashfs-tools.");
      if (diskSize != null) {
        throw new InvalidConfigException("Option --disk-size: it needs squashfs-tools.");
      }
    }
    StoredImage stored = stored(images, image, form);
    ImageProcess process = stored.process(words);
    Engines.Selection selection = Engines.select(request, new KvmEngine.Options(false, false));
    GuestProcess.Carrier carrier = carrier(selection.engine().name(), terminal);
    BootImage guest =
        GuestProcess.guest(
            stored,
            process,
            BootCommand.tinyLinux(),
            new GuestProcess.Setting(form, terminal, carrier, false));
    BootSource boot =
        new BootSource(guest.kernel(), guest.initrd(), guest.commandLine() + size(terminal));
    long bytes = Objects.requireNonNullElseGet(memory, () -> memoryFor(stored, form));
    try (@Nullable WritableDisk writable =
        diskSize == null ? null : new OciStore(images).writableDisk(diskSize)) {
      DeviceSet devices = DeviceSet.NONE.withDisks(disks(stored, form, writable));
      if (carrier != GuestProcess.Carrier.SERIAL) {
        devices = devices.withConsole(carrier == GuestProcess.Carrier.PORT);
      }
      MachineConfig config = MachineConfig.of(NAME, cpus, bytes, boot, devices);
      return new RunSession(selection, config, terminal).run();
    }
  }

  /**
   * QEMU drops what a terminal takes too slowly on its hvc0, and its serial port costs no exits.
   */
  private static GuestProcess.Carrier carrier(String engine, boolean terminal) {
    if (!terminal) {
      return GuestProcess.Carrier.PORT;
    }
    return engine.equals("qemu") ? GuestProcess.Carrier.SERIAL : GuestProcess.Carrier.CONSOLE;
  }

  private static List<DiskConfig> disks(
      StoredImage image, OciStore.Form form, @Nullable WritableDisk writable)
      throws ImageException {
    List<DiskConfig> disks = new ArrayList<>();
    if (form == OciStore.Form.LAYERS) {
      for (Path layer : image.layers()) {
        disks.add(disk(GuestProcess.serial(disks.size()), layer, true));
      }
    }
    if (writable != null) {
      disks.add(disk(GuestProcess.WRITABLE, writable.file(), false));
    }
    return disks;
  }

  private static DiskConfig disk(String name, Path file, boolean readOnly) {
    return new DiskConfig(name, file, DiskFormat.RAW, readOnly, name, RateLimit.NONE);
  }

  /** 256 MiB, or what the image needs as an archive in whole MiB. */
  static long memoryFor(StoredImage image, OciStore.Form form) {
    if (form == OciStore.Form.LAYERS) {
      return DEFAULT_MEMORY;
    }
    long mib = (GuestProcess.memoryNeeded(image) + (1 << 20) - 1) >> 20;
    return Math.max(DEFAULT_MEMORY, mib << 20);
  }

  /** Makes the image that the bench runs, unless it is there: the OCI layout of busybox. */
  static Path benchImage() throws ImageException {
    Path images = Folders.standard().images();
    stored(images, WorkloadImage.BUSYBOX.id(), OciStore.form(System.getenv()));
    return WorkloadImage.BUSYBOX.obtain(
        images, PackageSources.choose(images.resolve("packages"), System.getenv()), Progress.NONE);
  }

  /** An image by its name or place, unpacked unless it has been. */
  static StoredImage stored(Path images, String reference, OciStore.Form form)
      throws ImageException {
    PrintStream err = System.err;
    try (ProgressLine progress =
        new ProgressLine(err, Terminal.isTerminal(Terminal.STANDARD_ERROR))) {
      Optional<WorkloadImage> made = WorkloadImage.named(reference);
      String place = reference;
      if (made.isPresent()) {
        place =
            made.get()
                .obtain(
                    images,
                    PackageSources.choose(images.resolve("packages"), System.getenv()),
                    progress)
                .toString();
      } else if (RegistryImages.isReference(reference)) {
        place = new RegistryImages(images, System.getenv()).obtain(reference, progress).toString();
      }
      return new OciStore(images).obtain(place, form, progress);
    }
  }

  /** Tiny Linux takes a console whose size it is told for a terminal. */
  private static String size(boolean terminal) {
    return terminal
        ? Terminal.size(Terminal.STANDARD_OUTPUT)
            .map(size -> " vivarium.size=" + size.columns() + "x" + size.rows())
            .orElse(" vivarium.size=80x24")
        : "";
  }
}
