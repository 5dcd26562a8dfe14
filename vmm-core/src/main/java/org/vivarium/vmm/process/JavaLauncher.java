package org.vivarium.vmm.process;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.Landlock;
import org.vivarium.kvm.SeccompFilter;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.VmLauncher;
import org.vivarium.vmm.store.HostErrors;
import org.vivarium.vmm.store.LastWords;
import org.vivarium.vmm.store.SocketFolder;
import org.vivarium.vmm.store.VmFolder;

/**
 * Starts VM processes with the Java runtime, the modules, the class path and the start-up cache of
 * this process: headless, with a small heap, in a session of their own (setsid(1)), so that they
 * outlive the terminal and the desktop.
 */
public final class JavaLauncher implements VmLauncher {
  /**
   * The word on the command line that makes the program a VM process; the machine's name follows.
   */
  public static final String VM = "--vm";

  private static final List<String> OWN_OPTIONS =
      List.of(
          "-Djava.awt.headless=true",
          "-XX:+UseSerialGC",
          "-Xms8m",
          "-Xmx96m",
          "-XX:-UsePerfData",
          "-XX:+ExitOnOutOfMemoryError",
          // To the machine's log: threads that serve the guest may not open a file of their own.
          "-XX:+ErrorFileToStderr",
          // The start-up cache stays where it was made for: moved, all of it would be this
          // process's own memory, 12 MiB more for every machine.
          "-XX:+UnlockDiagnosticVMOptions",
          "-XX:ArchiveRelocationMode=0");

  /** Options of this process that are not for a child: its heap, its files, its debugger. */
  private static final Predicate<String> NOT_FOR_CHILDREN =
      option ->
          Stream.of(
                  "-Xm",
                  "-XX:ErrorFile=",
                  "-XX:AOTCacheOutput=",
                  "-XX:AOTMode=",
                  "-agent",
                  "-javaagent",
                  "-Dprism.",
                  "-Dglass.",
                  "-Dmonocle.",
                  "-XX:+Use",
                  "-Xdebug",
                  "-Xrun")
              .anyMatch(option::startsWith);

  /** Options whose value is the next word, a list of paths. */
  private static final Set<String> PATH_LISTS =
      Set.of("-cp", "-classpath", "--class-path", "-p", "--module-path");

  private static final String CACHE_OPTION = "-XX:AOTCache=";

  /** The start-up cache of VM processes, beside the one of this process. */
  private static final String VM_CACHE = "vm.aot";

  private static final int START_SECONDS = 600;
  private static final int EXIT_SECONDS = 10;

  private final List<String> java;
  private final List<String> program;
  private final Map<String, String> environment;
  private @Nullable WarmProcess warm;

  /** Machines whose start is under way: what is made ready for them would come between. */
  private final Set<Path> starting = ConcurrentHashMap.newKeySet();

  /**
   * @param java the runtime and its options
   * @param program the main class and the words before the machine's name
   */
  public JavaLauncher(List<String> java, List<String> program) {
    this(java, program, Map.of());
  }

  /**
   * As {@link #JavaLauncher(List, List)}.
   *
   * @param environment variables of the processes beside those of this one
   */
  JavaLauncher(List<String> java, List<String> program, Map<String, String> environment) {
    this.java = java.stream().map(JavaLauncher::withOwnCache).toList();
    this.program = List.copyOf(program);
    this.environment = Map.copyOf(environment);
  }

  /** A launcher that starts this very program again, with {@link #VM} before the machine's name. */
  public static JavaLauncher likeThisProcess() {
    return likeThisProcess(List.of(main(), VM));
  }

  /** A launcher that starts {@code program} with the runtime and the options of this process. */
  public static JavaLauncher likeThisProcess(List<String> program) {
    return new JavaLauncher(options(commandLine(), main()), program);
  }

  /**
   * The version of Landlock by which this computer confines machines' processes; 0 for none. Any
   * thread.
   */
  public static int landlock() {
    return Landlock.abi();
  }

  /**
   * Whether a mount namespace can confine machines' processes on this computer, for this user; what
   * is taken where there is no Landlock. Takes some milliseconds. Any thread.
   */
  public static boolean mountNamespace() {
    return MountNamespace.isAvailable();
  }

  /** Has a training run for a start-up cache load what confining a process takes. */
  public static void rehearseConfinement() {
    SeccompFilter.rehearse();
  }

  private static String main() {
    return System.getProperty("sun.java.command", "").split(" ")[0];
  }

  private static List<String> commandLine() {
    try {
      String line = Files.readString(Path.of("/proc/self/cmdline"), StandardCharsets.UTF_8);
      return List.of(line.split("\0"));
    } catch (IOException e) {
      throw new AssertionError("A process can read its own command line", e);
    }
  }

  /** This runtime and the options among the words before the main class that suit a child. */
  static List<String> options(List<String> words, String main) {
    List<String> options = new ArrayList<>();
    options.add(Path.of(System.getProperty("java.home", "/"), "bin", "java").toString());
    int end = Math.max(1, words.indexOf(main));
    for (int i = 1; i < end; i++) {
      String word = words.get(i);
      if (PATH_LISTS.contains(words.get(i - 1))) {
        // The child's working folder is another.
        options.add(absolute(word));
      } else if (!NOT_FOR_CHILDREN.test(word)) {
        options.add(word);
      }
    }
    return options;
  }

  private static String absolute(String paths) {
    return Stream.of(paths.split(File.pathSeparator))
        .map(path -> Path.of(path).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  @Override
  public void launch(Folders folders, Path machine, Instant asked) throws VmmException {
    starting.add(machine);
    try {
      launch(folders, new VmFolder(machine), asked);
    } finally {
      starting.remove(machine);
    }
  }

  private void launch(Folders folders, VmFolder folder, Instant asked) throws VmmException {
    long logged = folder.events().toFile().length();
    Confinement.Started ready = order(folder, asked);
    if (ready != null && failure(ready, folder, logged) == null) {
      return;
    }
    // With any trouble of a process that was kept ready, one that was not has the last word.
    VmmException failure = failure(start(folders, folder, asked, false), folder, logged);
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public synchronized void prepare(Folders folders, Path machine) throws VmmException {
    VmFolder folder = new VmFolder(machine);
    WarmProcess present = warm;
    if (starting.contains(machine) || (present != null && present.serves(folder))) {
      return;
    }
    forget();
    warm = WarmProcess.of(folder, () -> start(folders, folder, Instant.now(), true));
  }

  @Override
  public synchronized OptionalLong prepared() {
    WarmProcess present = warm;
    return present == null ? OptionalLong.empty() : OptionalLong.of(present.pid());
  }

  @Override
  public synchronized void forget() {
    WarmProcess present = warm;
    warm = null;
    if (present != null) {
      present.close();
    }
  }

  @Override
  public synchronized void forget(Path machine) {
    WarmProcess present = warm;
    if (present != null && present.isOf(machine)) {
      forget();
    }
  }

  /** The process that is ready for a machine, its start ordered; null if there is none. */
  private synchronized Confinement.@Nullable Started order(VmFolder folder, Instant asked) {
    WarmProcess present = warm;
    if (present == null || !present.serves(folder)) {
      return null;
    }
    warm = null;
    return present.order(asked);
  }

  /** Waits until a process's machine runs; else why it does not, and the process has ended. */
  private static @Nullable VmmException failure(
      Confinement.Started started, VmFolder folder, long logged) throws VmmException {
    Process process = started.process();
    // A process that neither runs the machine nor says why is ended.
    CompletableFuture<Void> guard =
        CompletableFuture.runAsync(
            process::destroyForcibly,
            CompletableFuture.delayedExecutor(START_SECONDS, TimeUnit.SECONDS));
    try {
      String line = firstLine(process);
      VmmException failure =
          line == null ? silent(process, folder, logged) : Handshake.read(line).orElse(null);
      if (failure != null) {
        process.waitFor(EXIT_SECONDS, TimeUnit.SECONDS);
        started.undo().run();
      }
      return failure;
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new VmmException("The start of %s was interrupted.".formatted(folder.name()), e);
    } finally {
      guard.cancel(true);
    }
  }

  /**
   * @param waits whether it is kept ready, and waits for the order to start its machine
   */
  private Confinement.Started start(Folders folders, VmFolder folder, Instant asked, boolean waits)
      throws VmmException {
    ProcessBuilder builder = builder(folders, folder, asked);
    if (waits) {
      builder.redirectInput(ProcessBuilder.Redirect.PIPE);
      builder.environment().put(WarmProcess.VARIABLE, "1");
    }
    try {
      Files.createDirectories(folder.state());
      if (Confinement.isTurnedOff(builder.environment())) {
        return new Confinement.Started(builder.start(), () -> {});
      }
      return Confinement.start(builder, folders, folder, java);
    } catch (IOException e) {
      throw HostErrors.refusal(
          "The process of the machine %s cannot be started".formatted(folder.name()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new VmmException("The start of %s was interrupted.".formatted(folder.name()), e);
    }
  }

  private ProcessBuilder builder(Folders folders, VmFolder folder, Instant asked)
      throws VmmException {
    List<String> command = new ArrayList<>();
    command.add("setsid");
    command.addAll(java);
    command.addAll(OWN_OPTIONS);
    Path sockets = SocketFolder.make(folders, folder.name(), System.getenv()).path();
    command.add("-Djava.io.tmpdir=" + sockets);
    command.addAll(program);
    command.add(folder.name());
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.path().toFile())
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .redirectError(ProcessBuilder.Redirect.appendTo(folder.events().toFile()));
    builder.environment().putAll(environment);
    // Each of malloc's arenas keeps some MiB that no other one can use.
    builder.environment().put("MALLOC_ARENA_MAX", "1");
    builder.environment().put("VIVARIUM_HOME", folders.home().toAbsolutePath().toString());
    builder.environment().put(VmProcess.ASKED_VARIABLE, Long.toString(VmProcess.nanos(asked)));
    return builder;
  }

  /** The JVM loads all of a cache at its start: one with the classes of VM processes alone. */
  private static String withOwnCache(String option) {
    if (!option.startsWith(CACHE_OPTION)) {
      return option;
    }
    Path own = Path.of(option.substring(CACHE_OPTION.length())).resolveSibling(VM_CACHE);
    return Files.exists(own) ? CACHE_OPTION + own : option;
  }

  private static @Nullable String firstLine(Process process) throws VmmException {
    try (BufferedReader said =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      return said.readLine();
    } catch (IOException e) {
      throw HostErrors.refusal("The machine's process cannot be heard", e);
    }
  }

  /** It died before it could say anything: a Java runtime that does not start, a killed process. */
  private static VmmException silent(Process process, VmFolder folder, long logged)
      throws InterruptedException {
    boolean ended = process.waitFor(EXIT_SECONDS, TimeUnit.SECONDS);
    String how = ended ? "ended with status " + process.exitValue() : "closed its output";
    String words = LastWords.of(folder.events(), logged).orElse("It said nothing about it.");
    return new VmmException(
        "The process of the machine %s %s before the machine ran: %s"
            .formatted(folder.name(), how, words));
  }
}
