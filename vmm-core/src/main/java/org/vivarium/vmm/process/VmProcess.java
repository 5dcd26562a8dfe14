package org.vivarium.vmm.process;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.vivarium.devices.virtio.net.PasstBroker;
import org.vivarium.vmm.Engines;
import org.vivarium.vmm.ExitHook;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.engine.EngineChoice;
import org.vivarium.vmm.engine.Outcome;
import org.vivarium.vmm.machine.KvmEngine;
import org.vivarium.vmm.store.DefinitionFile;
import org.vivarium.vmm.store.ProcessRecord;
import org.vivarium.vmm.store.SocketFolder;
import org.vivarium.vmm.store.VmFolder;
import org.vivarium.vmm.store.VmLock;

/**
 * What the process of one machine does from its start to its end.
 *
 * <p>It says on standard output, in one line, whether the machine runs ({@link Handshake}), and
 * lets go of that output then; its standard error is the machine's events.log.
 */
public final class VmProcess {
  /** The environment variable with the nanoseconds since 1970 at which the start was asked for. */
  public static final String ASKED_VARIABLE = "VIVARIUM_ASKED_NS";

  private static final LazyLogger LOG = LazyLogger.of(VmProcess.class);

  /** How long a guest may take to shut down when the process is told to end (SIGTERM). */
  private static final Duration TERMINATION = Duration.ofSeconds(10);

  private static final int OK = 0;
  private static final int FAILED = 1;

  /** Chooses what runs a machine. */
  @FunctionalInterface
  interface EngineSource {
    /** Chooses it. */
    Engines.Selection select(VmDefinition definition) throws VmmException;
  }

  private final Folders folders;
  private final Map<String, String> environment;
  private final EngineSource engines;
  private final PrintStream err;
  private final Thread logging = LazyLogger.prepare();

  /** When the start was asked for, of a process that was kept ready. */
  private Optional<String> ordered = Optional.empty();

  VmProcess(
      Folders folders, Map<String, String> environment, EngineSource engines, PrintStream err) {
    this.folders = folders;
    this.environment = environment;
    this.engines = engines;
    this.err = err;
  }

  /**
   * Runs a machine to its end in this process.
   *
   * @param name the machine's
   * @return the process's exit status
   */
  public static int run(String name) {
    return run(Folders.standard(), name);
  }

  /**
   * As {@link #run(String)}, where the machine is not in the usual place.
   *
   * @param folders where it is
   */
  public static int run(Folders folders, String name) {
    VmProcess process =
        new VmProcess(folders, Map.copyOf(System.getenv()), VmProcess::select, System.err);
    return process.run(name, new FileOutputStream(FileDescriptor.out));
  }

  private static Engines.Selection select(VmDefinition definition) throws VmmException {
    return Engines.select(
        EngineChoice.Request.of(definition.engine()), new KvmEngine.Options(false, false));
  }

  /**
   * @param starter the one who waits to hear whether the machine runs
   */
  int run(String name, FileOutputStream starter) {
    VmFolder folder = new VmFolder(folders.vms().resolve(name));
    EventLog log = new EventLog(folder.events(), err);
    try (Handshake handshake = new Handshake(starter)) {
      try {
        new OwnConfinement(environment).fromTheStart();
        if (environment.containsKey(WarmProcess.VARIABLE)) {
          getReady(folder);
          ordered = WarmProcess.awaitOrder(System.in);
          if (ordered.isEmpty()) {
            endBroker();
            return OK;
          }
        }
        return run(folder, log, handshake);
      } catch (VmmException e) {
        log.note(String.valueOf(e.getMessage()));
        handshake.failed(e);
      } catch (RuntimeException e) {
        LOG.error("The process of {} failed", name, e);
        String sentence = "The VM process met a fault of its own: " + e + ".";
        log.note(sentence);
        handshake.failed(new VmmException(sentence, e));
      }
    } catch (InterruptedException | IOException e) {
      LOG.error("The process of {} was cut off", name, e);
    }
    return FAILED;
  }

  /** The broker of user networks waits for this process, which will not come. */
  private void endBroker() {
    String folder = environment.get(PasstBroker.VARIABLE);
    if (folder != null) {
      try {
        PasstBroker.connect(Path.of(folder)).close();
      } catch (IOException e) {
        LOG.debug("The broker in {} has gone", folder, e);
      }
    }
  }

  /** Has the classes of a start loaded and linked, and native calls with them. */
  private static void getReady(VmFolder folder) {
    try {
      if (!DefinitionFile.read(folder).engine().equals("qemu")) {
        Engines.prepare();
      }
    } catch (InvalidConfigException e) {
      // The start will say so, should it be asked for.
      LOG.debug("{} is not ready", folder.name(), e);
    }
  }

  private int run(VmFolder folder, EventLog log, Handshake handshake)
      throws VmmException, InterruptedException {
    if (!Files.isDirectory(folder.path())) {
      throw new InvalidConfigException("There is no machine named %s.".formatted(folder.name()));
    }
    Optional<VmLock> lock = VmLock.tryTake(folder);
    if (lock.isEmpty()) {
      throw new VmmException("The machine %s is running already.".formatted(folder.name()));
    }
    try (VmLock _ = lock.get()) {
      return runLocked(folder, log, handshake);
    }
  }

  private int runLocked(VmFolder folder, EventLog log, Handshake handshake)
      throws VmmException, InterruptedException {
    try {
      VmDefinition definition = DefinitionFile.read(folder);
      if (!definition.engine().equals("qemu")) {
        Engines.prepare();
      }
      SocketFolder sockets = SocketFolder.make(folders, folder.name(), environment);
      MachinePlan plan = new MachinePlan(folders, folder, sockets);
      MachineHost.Setup setup =
          new MachineHost.Setup(
              plan,
              plan.config(definition),
              engines.select(definition),
              asked(),
              log,
              new OwnConfinement(environment));
      log.note(setup.selection().decision().reason());
      logging.join();
      try (MachineHost host = MachineHost.build(setup)) {
        return run(host, handshake);
      }
    } catch (VmmException e) {
      failedToStart(folder, log, String.valueOf(e.getMessage()));
      throw e;
    }
  }

  /** For those who did not start it and look at the list. */
  private static void failedToStart(VmFolder folder, EventLog log, String why) {
    try {
      new ProcessRecord(
              ProcessHandle.current().pid(),
              folder.path(),
              Optional.empty(),
              ProcessRecord.Phase.ENDED,
              false,
              Optional.of(why))
          .write(folder);
    } catch (VmmException e) {
      log.note(String.valueOf(e.getMessage()));
    }
  }

  private static int run(MachineHost host, Handshake handshake)
      throws VmmException, InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    try (ExitHook _ = ExitHook.add("termination", () -> terminate(host, done))) {
      Outcome outcome = host.run(handshake::ready);
      return outcome instanceof Outcome.Failed ? FAILED : OK;
    } finally {
      done.countDown();
    }
  }

  /** The user logs out, or the computer is turned off. */
  private static void terminate(MachineHost host, CountDownLatch done) {
    host.shutDown(TERMINATION);
    try {
      if (!done.await(TERMINATION.plusSeconds(5).toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("The machine did not end in time");
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** As {@link #ASKED_VARIABLE} has it. */
  static long nanos(Instant asked) {
    return TimeUnit.SECONDS.toNanos(asked.getEpochSecond()) + asked.getNano();
  }

  private Instant asked() {
    String nanos = ordered.orElseGet(() -> environment.getOrDefault(ASKED_VARIABLE, ""));
    return nanos.matches("[0-9]{1,18}") || nanos.matches("[0-8][0-9]{18}")
        ? Instant.EPOCH.plus(Long.parseLong(nanos), ChronoUnit.NANOS)
        : Instant.now();
  }
}
