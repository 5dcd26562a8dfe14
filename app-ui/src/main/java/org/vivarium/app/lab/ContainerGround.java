package org.vivarium.app.lab;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Child;
import org.vivarium.images.ImageException;
import org.vivarium.images.oci.ImageProcess;
import org.vivarium.images.oci.RuncBundle;

/** Containers, by runc. */
final class ContainerGround implements Ground {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String VOLUME = "/volume";

  /** Each container has a group of its own below the root, named like it. */
  private static final String CGROUPS = "/";

  private final Equipment equipment;
  private final Exec exec;
  private final Scratch scratch;
  private final String runc;
  private final Path state;
  private final RuncBundle.Settings settings;
  private final Duration patience;
  private final List<String> made = new ArrayList<>();
  private final Map<Running, String> ids = new HashMap<>();
  private int created;

  private ContainerGround(
      Equipment equipment,
      Exec exec,
      Scratch scratch,
      String runc,
      RuncBundle.Settings settings,
      Duration patience)
      throws BenchException {
    this.patience = patience;
    this.equipment = equipment;
    this.exec = exec;
    this.scratch = scratch;
    this.runc = runc;
    this.state = scratch.folder("runc");
    this.settings = settings;
  }

  /**
   * Prepares the files that all containers of this comparison share.
   *
   * @throws BenchException if there is no runtime
   */
  static ContainerGround open(Equipment equipment, Exec exec, Scratch scratch, Plan plan)
      throws BenchException {
    String runc =
        equipment
            .host()
            .program("runc")
            .orElseThrow(
                () ->
                    new BenchException(
                        "Containers are not measured: there is no runc; install the package runc."));
    Path root = equipment.image().rootFolder();
    int uid = attribute("unix:uid");
    boolean privileged = uid == 0;
    if (privileged) {
      root = scratch.overlay("container", root);
    }
    RuncBundle.Settings settings =
        new RuncBundle.Settings(
            root,
            !privileged,
            (long) plan.memoryMib() << 20,
            plan.cpus(),
            privileged ? CGROUPS : "",
            uid,
            attribute("unix:gid"),
            plan.pin());
    return new ContainerGround(equipment, exec, scratch, runc, settings, plan.patience());
  }

  /** Of this process: its entry in /proc belongs to its user. */
  private static int attribute(String name) throws BenchException {
    try {
      return (Integer) Files.getAttribute(Path.of("/proc/self"), name);
    } catch (IOException e) {
      throw new BenchException("The user of this process cannot be told.", e);
    }
  }

  @Override
  public Side side() {
    return Side.CONTAINER;
  }

  @Override
  public boolean comparable() {
    return true;
  }

  @Override
  public Running start(ImageProcess process, Extras extras) throws BenchException, ImageException {
    String id = id();
    Path bundle = bundle(process, id, extras);
    List<String> command = runc("run", "--bundle", bundle.toString(), id);
    Capture capture = new Capture();
    Child child = equipment.children().start(command, console(capture));
    Running running =
        new Running(child, capture, Exec.shown(command), _ -> kill(id), () -> OptionalInt.of(0));
    ids.put(running, id);
    return running;
  }

  @Override
  public String disk(Path file) {
    return VOLUME + "/" + file.getFileName();
  }

  @Override
  public Link connect(Running running, Extras extras) throws BenchException {
    return ContainerNetwork.make(exec, pid(id(running)), extras.port());
  }

  private String id(Running running) {
    return Objects.requireNonNull(ids.get(running), "one of ours");
  }

  /** The container's first process, in the host's count. */
  private long pid(String id) throws BenchException {
    return tree(runc("state", id)).path("pid").asLong();
  }

  private JsonNode tree(List<String> command) throws BenchException {
    try {
      return JSON.readTree(exec.run(command));
    } catch (IOException e) {
      throw new BenchException("What runc tells of a container cannot be understood.", e);
    }
  }

  @Override
  public void trace(ImageProcess process, Tracer tracer)
      throws BenchException, ImageException, InterruptedException {
    String id = id();
    Path bundle = bundle(process, id, Extras.NONE);
    Child creator = equipment.children().start(runc("create", "--bundle", bundle.toString(), id));
    try {
      ended(creator);
      try (Child tracing = tracer.attach(pid(id))) {
        exec.run(runc("start", id));
        tracer.await(tracing);
      }
    } finally {
      exec.run(runc("delete", "--force", id));
      creator.close();
    }
  }

  @Override
  public boolean limitsProcesses(Running running) throws BenchException {
    return new ControlGroup(equipment.host(), pid(id(running))).limitsProcesses();
  }

  @Override
  public long create(boolean full) throws BenchException {
    Path image = equipment.image().rootFolder();
    String name = "instance-" + created++;
    if (full) {
      Path copy = scratch.folderIn(equipment.image().folder()).resolve(name);
      long begun = System.nanoTime();
      exec.run(List.of("cp", "-a", image.toString(), copy.toString()));
      long took = System.nanoTime() - begun;
      scratch.delete(Objects.requireNonNull(copy.getParent()));
      return took;
    }
    long begun = System.nanoTime();
    Path merged = scratch.overlay(name, image);
    long took = System.nanoTime() - begun;
    scratch.unmount(merged);
    return took;
  }

  private static Child.Console console(Capture capture) {
    return (bytes, length, now) -> capture.took(bytes, 0, length, now);
  }

  private String id() {
    String id = "vivarium-lab-%d-%d".formatted(ProcessHandle.current().pid(), made.size());
    made.add(id);
    return id;
  }

  private Path bundle(ImageProcess process, String id, Extras extras)
      throws BenchException, ImageException {
    Path bundle = scratch.folder("bundle-" + id);
    Map<String, Path> volumes = new HashMap<>();
    extras.disk().map(Path::getParent).ifPresent(folder -> volumes.put(VOLUME, folder));
    RuncBundle.write(process, settings.withCgroup(id), bundle, volumes);
    return bundle;
  }

  private List<String> runc(String... words) {
    List<String> command = new ArrayList<>(List.of(runc, "--root=" + state));
    command.addAll(List.of(words));
    return command;
  }

  private void kill(String id) throws BenchException {
    exec.run(runc("kill", id, "KILL"));
  }

  @Override
  public Map<String, Double> timeline(ImageProcess process)
      throws BenchException, ImageException, InterruptedException {
    String id = id();
    Path bundle = bundle(process, id, Extras.NONE);
    Capture capture = new Capture();
    // The container keeps the output of the process that created it.
    Child creator =
        equipment
            .children()
            .start(runc("create", "--bundle", bundle.toString(), id), console(capture));
    try {
      Child.End created = ended(creator);
      Child starter = equipment.children().start(runc("start", id));
      Child.End started = ended(starter);
      long first =
          capture
              .first(patience)
              .orElseThrow(() -> new BenchException("The container printed nothing."));
      Map<String, Double> stages = new LinkedHashMap<>();
      stages.put("runc create", (created.nanoTime() - creator.started()) / 1e6);
      stages.put("between the two", (starter.started() - created.nanoTime()) / 1e6);
      // The workload may print before the command that started it has ended.
      long begun = Math.min(first, started.nanoTime());
      stages.put("runc start", (begun - starter.started()) / 1e6);
      if (first > begun) {
        stages.put("workload to first output", (first - begun) / 1e6);
      }
      return stages;
    } finally {
      exec.run(runc("delete", "--force", id));
      creator.close();
    }
  }

  private Child.End ended(Child child) throws BenchException, InterruptedException {
    Optional<Child.End> end = child.exit(patience);
    if (end.isEmpty() || end.get().status() != 0) {
      child.heard();
      throw new BenchException("The container cannot be started." + child.lastWords());
    }
    return end.get();
  }

  @Override
  public Map<String, Double> memory(Running running) throws BenchException {
    double workload = 0;
    JsonNode pids = tree(runc("ps", "--format", "json", id(running)));
    Map<String, Double> figures = new LinkedHashMap<>();
    for (JsonNode pid : pids) {
      workload += Disk.pss(pid.asLong());
    }
    double runtime = Disk.pss(running.child().pid());
    figures.put(Rows.TOTAL.id(), workload + runtime);
    figures.put(Rows.WORKLOAD.id(), workload);
    figures.put(Rows.RUNTIME.id(), runtime);
    if (!pids.isEmpty()) {
      new ControlGroup(equipment.host(), pids.get(0).asLong())
          .memory()
          .ifPresent(mib -> figures.put(Rows.CGROUP.id(), mib));
    }
    return figures;
  }

  @Override
  public Map<String, Double> sizes() throws BenchException {
    return Map.of(
        Rows.PACKED.id(), equipment.image().description().packedBytes() / Disk.MIB,
        Rows.APPARENT.id(), equipment.image().description().fileBytes() / Disk.MIB,
        Rows.ALLOCATED.id(), Disk.allocated(exec, equipment.image().rootFolder()));
  }

  @Override
  public void close() throws BenchException {
    for (String id : made) {
      if (Files.exists(state.resolve(id))) {
        exec.run(runc("delete", "--force", id));
      }
    }
  }
}
