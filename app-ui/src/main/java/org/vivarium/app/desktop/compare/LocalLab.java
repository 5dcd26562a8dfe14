package org.vivarium.app.desktop.compare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.vivarium.app.Main;
import org.vivarium.app.bench.Children;
import org.vivarium.app.doctor.Host;
import org.vivarium.app.doctor.LinuxHost;
import org.vivarium.app.lab.CancelAtExit;
import org.vivarium.app.lab.Comparison;
import org.vivarium.app.lab.Equipment;
import org.vivarium.app.lab.Listener;
import org.vivarium.app.lab.Plan;
import org.vivarium.app.lab.Report;
import org.vivarium.app.lab.Side;
import org.vivarium.images.BootImage;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.PackageSource;
import org.vivarium.images.deb.PackageSources;
import org.vivarium.images.oci.GuestProcess;
import org.vivarium.images.oci.OciStore;
import org.vivarium.images.oci.StoredImage;
import org.vivarium.images.oci.WorkloadImage;
import org.vivarium.images.tiny.TinyLinux;
import org.vivarium.vmm.Engines;
import org.vivarium.vmm.engine.EngineChoice;

/** The lab on this computer. */
public final class LocalLab implements Lab {
  private static final Pattern ALLOWED =
      Pattern.compile("\\nCpus_allowed_list:\\s+([0-9]{1,4}([,-][0-9]{1,4})*)\n");

  private final Path images;
  private final UnaryOperator<List<String>> vivarium;
  private final Children children = new Children(Comparison.LONGEST);

  /**
   * @param images the folder of the images
   * @param java the Java runtime and its options, which start this program's processes
   */
  public LocalLab(Path images, List<String> java) {
    this.images = images;
    this.vivarium =
        arguments -> {
          List<String> command = new ArrayList<>(java);
          command.add(Main.class.getName());
          command.addAll(arguments);
          return command;
        };
  }

  @Override
  public Offer offer() throws Exception {
    Host host = new LinuxHost();
    boolean hardware = hardware();
    boolean runc = host.program("runc").isPresent();
    Set<Side> more = EnumSet.noneOf(Side.class);
    offer(more, Side.PODMAN, host.program("podman").isPresent());
    offer(more, Side.DOCKER, host.program("docker").isPresent());
    offer(more, Side.NESTED, runc);
    offer(more, Side.QEMU, hardware && host.program("qemu-system-x86_64").isPresent());
    return new Offer(runc, hardware, more, processors(host));
  }

  /** Those that this process may run on, whose list is such as 0-3,8; none without taskset. */
  private static List<Integer> processors(Host host) {
    List<Integer> processors = new ArrayList<>();
    Matcher range =
        ALLOWED.matcher(
            host.program("taskset").flatMap(_ -> host.read("/proc/self/status")).orElse(""));
    if (range.find()) {
      for (String part : range.group(1).split(",")) {
        String[] ends = part.split("-");
        IntStream.rangeClosed(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]))
            .forEach(processors::add);
      }
    }
    return processors;
  }

  private static void offer(Set<Side> sides, Side side, boolean isThere) {
    if (isThere) {
      sides.add(side);
    }
  }

  private static boolean hardware() throws Exception {
    return Engines.choice().decide(EngineChoice.Request.AUTO).engine().equals("kvm");
  }

  @Override
  public Report compare(Plan plan, Listener listener, Consumer<Runnable> ending) throws Exception {
    Thread self = Thread.currentThread();
    ending.accept(self::interrupt);
    Progress progress = new Steps(listener);
    OciStore.Form form = OciStore.form(System.getenv());
    StoredImage image = stored(plan.image(), form, progress);
    PackageSource packages = PackageSources.choose(images.resolve("packages"), System.getenv());
    BootImage tiny = TinyLinux.obtain(images, TinyLinux.DEFAULT_FLAVOUR, packages, progress);
    long needed =
        form == OciStore.Form.LAYERS
            ? plan.memoryMib()
            : (GuestProcess.memoryNeeded(image) + (1 << 20) - 1) >> 20;
    Plan enough = plan.withMemory(Math.toIntExact(Math.max(plan.memoryMib(), needed)));
    Comparison comparison =
        new Comparison(
            enough,
            new Equipment(
                new LinuxHost(), children.on(plan.pin()), vivarium, image, form, tiny, hardware()),
            listener);
    ending.accept(
        () -> {
          comparison.cancel();
          children.kill();
        });
    try (CancelAtExit _ = new CancelAtExit(comparison)) {
      return comparison.run();
    }
  }

  private StoredImage stored(String reference, OciStore.Form form, Progress progress)
      throws ImageException {
    String place = reference;
    Optional<WorkloadImage> made = WorkloadImage.named(reference);
    if (made.isPresent()) {
      PackageSource packages = PackageSources.choose(images.resolve("packages"), System.getenv());
      place = made.get().obtain(images, packages, progress).toString();
    }
    return new OciStore(images).obtain(place, form, progress);
  }

  /** Tells each step once. */
  private static final class Steps implements Progress {
    private final Listener listener;
    private String last = "";

    Steps(Listener listener) {
      this.listener = listener;
    }

    @Override
    public void advanced(String step, long done, long total) {
      if (!step.equals(last)) {
        last = step;
        listener.began(step);
      }
    }
  }
}
