package org.vivarium.app.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vivarium.app.bench.BenchException;
import org.vivarium.images.ImageException;
import org.vivarium.images.oci.Identity;
import org.vivarium.images.oci.ImageProcess;
import org.vivarium.images.oci.RuncBundle;

/**
 * A container by runc within a machine of ours, which has the host's runc on a disk of its own: two
 * walls instead of one.
 */
final class NestedGround implements Ground {
  private static final String ROOT = "/run/rootfs";
  private static final Pattern LIBRARY = Pattern.compile("(/\\S+) \\(0x");

  /** For the image's shell in the guest, whose disk with runc has the name %s. */
  private static final String SCRIPT =
      "l=/tmp/.lab; mkdir $l; mount -t squashfs -o ro %s $l; for d in proc sys dev; do mount -o rbind"
          + " /$d $l/$d; done; mount -t cgroup2 lab $l/sys/fs/cgroup; mount -t tmpfs lab $l/run; mkdir"
          + " $l/run/rootfs; mount -o bind / $l/run/rootfs; exec chroot $l /bin/runc run --bundle"
          + " /bundle lab";

  private final Equipment equipment;
  private final MachineGround machine;
  private final Exec exec;
  private final Plan plan;

  /** What the disks are made of, and the disks. */
  private final Path content;

  private final Path folder;
  private final Map<List<String>, Path> disks = new HashMap<>();

  private NestedGround(
      Equipment equipment, MachineGround machine, Exec exec, Plan plan, Path content, Path folder) {
    this.equipment = equipment;
    this.machine = machine;
    this.exec = exec;
    this.plan = plan;
    this.content = content;
    this.folder = folder;
  }

  /**
   * Collects runc and its libraries.
   *
   * @throws BenchException if there is no runc, or nothing that makes a disk of it
   */
  static NestedGround open(
      Equipment equipment, MachineGround machine, Exec exec, Scratch scratch, Plan plan)
      throws BenchException {
    String runc = equipment.host().program("runc").orElse("");
    if (runc.isEmpty() || equipment.host().program("mksquashfs").isEmpty()) {
      throw new BenchException(
          "Containers within a machine are not measured: install the packages runc and"
              + " squashfs-tools.");
    }
    Path content = scratch.folder("nested");
    try {
      for (String mount : List.of("proc", "sys", "dev", "run", "tmp", "bin", "lib64", "bundle")) {
        Files.createDirectories(content.resolve(mount));
      }
      Files.copy(Path.of(runc), content.resolve("bin/runc"));
      Matcher library = LIBRARY.matcher(exec.run(List.of("ldd", runc)));
      while (library.find()) {
        Path target = content.resolve(library.group(1).substring(1));
        Files.createDirectories(Objects.requireNonNull(target.getParent(), "below the folder"));
        Files.copy(Path.of(library.group(1)), target);
      }
    } catch (IOException e) {
      throw new BenchException(
          "Containers within a machine are not measured: runc cannot be copied.", e);
    }
    Path folder = scratch.folderIn(equipment.image().folder());
    return new NestedGround(equipment, machine, exec, plan, content, folder);
  }

  @Override
  public Side side() {
    return Side.NESTED;
  }

  @Override
  public boolean comparable() {
    return machine.comparable();
  }

  @Override
  public Running start(ImageProcess process, Extras extras) throws BenchException, ImageException {
    if (!extras.equals(Extras.NONE)) {
      throw new BenchException("It gets no disk and no port here.");
    }
    ImageProcess shell =
        equipment.image().command(List.of("sh", "-c", SCRIPT.formatted(machine.disk(content))));
    ImageProcess root =
        new ImageProcess(
            shell.program(), shell.words(), shell.config(), new Identity(0, List.of(0), "/root"));
    return machine.start(root, Extras.NONE, List.of(disk(process)));
  }

  /** A disk with runc and the bundle of this process. */
  private Path disk(ImageProcess process) throws BenchException, ImageException {
    Path known = disks.get(process.words());
    if (known != null) {
      return known;
    }
    RuncBundle.write(
        process,
        new RuncBundle.Settings(
            Path.of(ROOT), false, (long) plan.memoryMib() << 20, plan.cpus(), "/lab", 0, 0, ""),
        content.resolve("bundle"));
    Path made = folder.resolve("disk-" + disks.size());
    exec.run(
        List.of(
            "mksquashfs",
            content.toString(),
            made.toString(),
            "-noappend",
            "-quiet",
            "-comp",
            "lz4"));
    disks.put(process.words(), made);
    return made;
  }

  @Override
  public String disk(Path file) throws BenchException {
    throw new BenchException("It gets no disk here.");
  }

  @Override
  public Link connect(Running running, Extras extras) throws BenchException {
    throw new BenchException("It gets no port here.");
  }

  @Override
  public void trace(ImageProcess process, Tracer tracer) throws BenchException {
    throw new BenchException("Its system calls are not counted; those of a machine are.");
  }

  @Override
  public boolean limitsProcesses(Running running) {
    return true;
  }

  @Override
  public long create(boolean full) throws BenchException {
    throw new BenchException("Its storage is the machine's.");
  }

  @Override
  public Map<String, Double> timeline(ImageProcess process) {
    return Map.of();
  }

  @Override
  public Map<String, Double> stages(Running running, long first) {
    return machine.stages(running, first);
  }

  @Override
  public Map<String, Double> memory(Running running) throws BenchException {
    return machine.memory(running);
  }

  @Override
  public Map<String, Double> sizes() {
    return Map.of();
  }

  @Override
  public void close() {
    machine.close();
  }
}
