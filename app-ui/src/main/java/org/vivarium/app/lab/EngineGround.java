package org.vivarium.app.lab;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Child;
import org.vivarium.images.ImageException;
import org.vivarium.images.oci.ImageProcess;

/** Containers of an engine, podman or docker, with all that the engine adds to a runtime. */
final class EngineGround implements Ground {
  private static final String VOLUME = "/volume";

  /** Limits that podman sets by itself, as the kernel and as podman names them. */
  private static final Map<String, String> LIMITS =
      Map.of("Max open files", "nofile", "Max processes", "nproc");

  /** More than the engine's own limit on the number of processes lets a container use. */
  private static final long MOST = 16_384;

  private final Equipment equipment;
  private final Exec exec;
  private final Plan plan;
  private final Side side;
  private final String engine;

  /** What the image and the containers of this comparison are called. */
  private final String name;

  private final Map<Running, String> ids = new HashMap<>();
  private int made;
  private int forward;

  private EngineGround(Equipment equipment, Exec exec, Plan plan, Side side, String engine) {
    this.equipment = equipment;
    this.exec = exec;
    this.plan = plan;
    this.side = side;
    this.engine = engine;
    this.name = "vivarium-lab-" + ProcessHandle.current().pid();
  }

  /**
   * Gives the engine the image's files.
   *
   * @throws BenchException if there is no such engine, or it does not take them
   */
  static EngineGround open(Equipment equipment, Exec exec, Scratch scratch, Plan plan, Side side)
      throws BenchException {
    String engine =
        equipment
            .host()
            .program(side.id())
            .orElseThrow(
                () ->
                    new BenchException(
                        "Containers by %s are not measured: there is no %s here."
                            .formatted(side.id(), side.id())));
    try {
      exec.run(List.of(engine, "info"));
    } catch (BenchException e) {
      throw new BenchException(
          "Containers by %s are not measured. %s".formatted(side.id(), e.getMessage()), e);
    }
    EngineGround ground = new EngineGround(equipment, exec, plan, side, engine);
    Path folder = scratch.folderIn(equipment.image().folder());
    Path archive = folder.resolve("image.tar");
    String root = equipment.image().rootFolder().toString();
    exec.run(List.of("tar", "-C", root, "-cf", archive.toString(), "."), plan.patience());
    exec.run(List.of(engine, "import", archive.toString(), ground.name), plan.patience());
    scratch.delete(folder);
    return ground;
  }

  @Override
  public Side side() {
    return side;
  }

  @Override
  public boolean comparable() {
    return true;
  }

  @Override
  public Running start(ImageProcess process, Extras extras) throws BenchException {
    String id = id();
    List<String> command = command("run", process, extras, id);
    Capture capture = new Capture();
    Child child =
        equipment
            .children()
            .start(command, (bytes, length, now) -> capture.took(bytes, 0, length, now));
    Running running =
        new Running(child, capture, Exec.shown(command), _ -> kill(id), () -> OptionalInt.of(0));
    ids.put(running, id);
    return running;
  }

  private String id() {
    return name + "-" + made++;
  }

  private List<String> command(String verb, ImageProcess process, Extras extras, String id)
      throws BenchException {
    List<String> words = new ArrayList<>(List.of(engine));
    if (side == Side.PODMAN) {
      // The same runtime as on the other side, so that what differs is the engine.
      equipment.host().program("runc").ifPresent(runc -> words.addAll(List.of("--runtime", runc)));
    }
    words.addAll(List.of(verb, "--rm", "--name", id));
    words.addAll(List.of("--memory", plan.memoryMib() + "m"));
    words.addAll(List.of("--cpus", Integer.toString(plan.cpus())));
    if (!plan.pin().isEmpty()) {
      words.addAll(List.of("--cpuset-cpus", plan.pin()));
    }
    if (side == Side.PODMAN) {
      words.addAll(limits());
    }
    extras
        .disk()
        .map(Path::getParent)
        .ifPresent(folder -> words.addAll(List.of("--volume", folder + ":" + VOLUME)));
    if (extras.port() > 0) {
      forward = freePort();
      words.addAll(List.of("--publish", "127.0.0.1:%d:%d".formatted(forward, extras.port())));
    } else {
      words.addAll(List.of("--network", "none"));
    }
    words.add(
        "--user=%d:%d".formatted(process.identity().uid(), process.identity().groups().getFirst()));
    words.add("--workdir=" + process.config().workingFolder());
    process.environment().forEach(variable -> words.add("--env=" + variable));
    words.add(name);
    words.addAll(process.words());
    return words;
  }

  /** Podman's own may be above what whoever starts it may grant. */
  private List<String> limits() {
    String table = equipment.host().read("/proc/self/limits").orElse("");
    List<String> words = new ArrayList<>();
    LIMITS.forEach(
        (title, word) -> {
          Matcher line = Pattern.compile("(?m)^" + title + " +\\w+ +([0-9]{1,15}) ").matcher(table);
          long most = line.find() ? Math.min(MOST, Long.parseLong(line.group(1))) : MOST;
          words.addAll(List.of("--ulimit", "%s=%d:%d".formatted(word, most, most)));
        });
    return words;
  }

  private static int freePort() throws BenchException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return free.getLocalPort();
    } catch (IOException e) {
      throw new BenchException("This computer has no free port.", e);
    }
  }

  private void kill(String id) throws BenchException {
    exec.run(List.of(engine, "kill", "--signal", "KILL", id));
  }

  @Override
  public String disk(Path file) {
    return VOLUME + "/" + file.getFileName();
  }

  @Override
  public Link connect(Running running, Extras extras) {
    Optional<InetSocketAddress> address =
        Optional.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), forward));
    return () -> address;
  }

  @Override
  public void trace(ImageProcess process, Tracer tracer) throws BenchException {
    throw new BenchException("Its system calls are not counted; those of runc's container are.");
  }

  @Override
  public boolean limitsProcesses(Running running) throws BenchException {
    return new ControlGroup(equipment.host(), first(running).pid()).limitsProcesses();
  }

  /** The container's first process. */
  private ProcessHandle first(Running running) throws BenchException {
    String id = Objects.requireNonNull(ids.get(running), "one of ours");
    String pid = exec.run(List.of(engine, "inspect", "--format", "{{.State.Pid}}", id)).strip();
    if (!pid.matches("[0-9]{1,10}")) {
      throw new BenchException(
          "What %s tells of a container cannot be understood.".formatted(side.id()));
    }
    return ProcessHandle.of(Long.parseLong(pid))
        .orElseThrow(() -> new BenchException("The container has ended."));
  }

  @Override
  public long create(boolean full) throws BenchException, ImageException {
    String id = id();
    List<String> command =
        command("create", equipment.image().command(List.of("sh")), Extras.NONE, id);
    long begun = System.nanoTime();
    exec.run(command);
    long took = System.nanoTime() - begun;
    exec.run(List.of(engine, "rm", "--force", id));
    return took;
  }

  @Override
  public Map<String, Double> timeline(ImageProcess process)
      throws BenchException, InterruptedException {
    String id = id();
    long begun = System.nanoTime();
    exec.run(command("create", process, Extras.NONE, id));
    long created = System.nanoTime();
    Capture capture = new Capture();
    Child child =
        equipment
            .children()
            .start(
                List.of(engine, "start", "--attach", id),
                (bytes, length, now) -> capture.took(bytes, 0, length, now));
    try (Running running =
        new Running(child, capture, "", _ -> kill(id), () -> OptionalInt.of(0))) {
      long first = running.firstOutput(plan.patience());
      Map<String, Double> stages = new LinkedHashMap<>();
      stages.put(side.id() + " create", (created - begun) / 1e6);
      stages.put(side.id() + " start to first output", first / 1e6);
      return stages;
    }
  }

  @Override
  public Map<String, Double> memory(Running running) throws BenchException {
    ProcessHandle first = first(running);
    double workload = Disk.pss(first.pid());
    for (ProcessHandle descendant : first.descendants().toList()) {
      workload += Disk.pss(descendant.pid());
    }
    // The client in the foreground, and the monitor that stays with the container.
    double runtime = Disk.pss(running.child().pid());
    Optional<ProcessHandle> monitor = first.parent().filter(parent -> parent.pid() > 1);
    if (monitor.isPresent()) {
      runtime += Disk.pss(monitor.get().pid());
    }
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(Rows.TOTAL.id(), workload + runtime);
    figures.put(Rows.WORKLOAD.id(), workload);
    figures.put(Rows.RUNTIME.id(), runtime);
    new ControlGroup(equipment.host(), first.pid())
        .memory()
        .ifPresent(mib -> figures.put(Rows.CGROUP.id(), mib));
    return figures;
  }

  @Override
  public Map<String, Double> sizes() throws BenchException {
    String bytes =
        exec.run(List.of(engine, "image", "inspect", "--format", "{{.Size}}", name)).strip();
    return bytes.matches("[0-9]{1,15}")
        ? Map.of(Rows.APPARENT.id(), Long.parseLong(bytes) / Disk.MIB)
        : Map.of();
  }

  @Override
  public void close() throws BenchException {
    String left =
        exec.run(List.of(engine, "ps", "--all", "--quiet", "--filter", "name=" + name + "-"));
    List<String> remove = new ArrayList<>(List.of(engine, "rm", "--force"));
    remove.addAll(left.lines().toList());
    if (remove.size() > 3) {
      exec.run(remove);
    }
    exec.run(List.of(engine, "rmi", "--force", name));
  }
}
