package org.vivarium.app.lab;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Child;
import org.vivarium.images.oci.ImageProcess;

/**
 * The host itself: the process runs in the image's files (chroot(1)) and sees all else that is the
 * host's. Needs root.
 */
final class HostGround implements Ground {
  private final Equipment equipment;
  private final Scratch scratch;
  private final Path root;
  private boolean shows;

  private HostGround(Equipment equipment, Scratch scratch, Path root) {
    this.equipment = equipment;
    this.scratch = scratch;
    this.root = root;
  }

  static HostGround open(Equipment equipment, Scratch scratch) throws BenchException {
    try {
      Path root = scratch.overlay("host", equipment.image().rootFolder());
      scratch.folder("host/merged/volume");
      for (String shared : List.of("proc", "sys", "dev")) {
        scratch.bind(Path.of("/", shared), root.resolve(shared));
      }
      return new HostGround(equipment, scratch, root);
    } catch (BenchException e) {
      throw new BenchException(
          "Processes on the host are not measured: they need root, to enter the image's files.", e);
    }
  }

  @Override
  public Side side() {
    return Side.HOST;
  }

  @Override
  public boolean comparable() {
    return true;
  }

  @Override
  public Running start(ImageProcess process, Extras extras) throws BenchException {
    if (extras.disk().isPresent() && !shows) {
      Path folder = Objects.requireNonNull(extras.disk().get().getParent(), "a whole path");
      scratch.bind(folder, root.resolve("volume"));
      shows = true;
    }
    List<String> command = new ArrayList<>(List.of("chroot"));
    List<Integer> groups = process.identity().groups();
    command.add("--userspec=%d:%d".formatted(process.identity().uid(), groups.getFirst()));
    command.add("--groups=" + String.join(",", groups.stream().map(String::valueOf).toList()));
    command.add(root.toString());
    command.addAll(process.words());
    Capture capture = new Capture();
    Child child =
        equipment
            .children()
            .start(
                command,
                environment(process),
                (bytes, length, now) -> capture.took(bytes, 0, length, now));
    return new Running(
        child, capture, Exec.shown(command), Child::destroyTree, () -> OptionalInt.of(0));
  }

  @Override
  public String disk(Path file) {
    return "/volume/" + file.getFileName();
  }

  @Override
  public Link connect(Running running, Extras extras) throws BenchException {
    throw new BenchException("Its ports would be open to the network.");
  }

  @Override
  public void trace(ImageProcess process, Tracer tracer) throws BenchException {
    throw new BenchException("Nothing stands between its system calls and the host's kernel.");
  }

  @Override
  public boolean limitsProcesses(Running running) {
    return false;
  }

  @Override
  public long create(boolean full) throws BenchException {
    throw new BenchException("A process has no storage of its own.");
  }

  private static Map<String, String> environment(ImageProcess process) {
    Map<String, String> environment = new HashMap<>();
    for (String variable : process.environment()) {
      int equals = variable.indexOf('=');
      if (equals > 0) {
        environment.put(variable.substring(0, equals), variable.substring(equals + 1));
      }
    }
    return environment;
  }

  @Override
  public Map<String, Double> timeline(ImageProcess process) {
    return Map.of();
  }

  @Override
  public Map<String, Double> memory(Running running) throws BenchException {
    double all = Disk.pss(running.child().pid());
    for (long pid : running.child().descendants()) {
      all += Disk.pss(pid);
    }
    return Map.of(Rows.TOTAL.id(), all, Rows.WORKLOAD.id(), all);
  }

  @Override
  public Map<String, Double> sizes() {
    return Map.of();
  }

  @Override
  public void close() {
    // The scratch folder takes the mounts away.
  }
}
