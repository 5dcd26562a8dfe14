package org.vivarium.vmm.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.store.VmFolder;

/**
 * A VM process that was started before its machine's start is asked for, so that the start does not
 * wait for the Java runtime (docs/decisions/0014).
 *
 * <p>It is one machine's from its first instruction on, as any VM process is. Until the order comes
 * through its standard input it holds nothing of the machine, neither lock nor file nor memory;
 * when its keeper closes that pipe or dies, it ends. Any thread may call.
 */
final class WarmProcess implements AutoCloseable {
  /** The environment variable that has a VM process wait for the order. */
  static final String VARIABLE = "VIVARIUM_AWAITS_ORDER";

  private static final LazyLogger LOG = LazyLogger.of(WarmProcess.class);

  private final Path machine;
  private final @Nullable Stamp definition;

  /** What the machine's last process left: another process since then has moved things. */
  private final @Nullable Stamp lastProcess;

  /** Where the disks lie: a snapshot puts others there, which the process may not open. */
  private final List<@Nullable Stamp> places;

  private final Confinement.Started started;
  private final AtomicBoolean ordered = new AtomicBoolean();

  /** Tells one content of a file from another without reading it. */
  private record Stamp(@Nullable Object key, FileTime modified, long size) {
    static @Nullable Stamp of(Path file) {
      try {
        BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
        return new Stamp(found.fileKey(), found.lastModifiedTime(), found.size());
      } catch (IOException e) {
        LOG.debug("{} cannot be looked at", file, e);
        return null;
      }
    }
  }

  /** Starts a process that awaits the order. */
  @FunctionalInterface
  interface Starter<E extends Exception> {
    /** Starts it. */
    Confinement.Started start() throws E;
  }

  private WarmProcess(
      Path machine,
      @Nullable Stamp definition,
      @Nullable Stamp lastProcess,
      List<@Nullable Stamp> places,
      Confinement.Started started) {
    this.machine = machine;
    this.definition = definition;
    this.lastProcess = lastProcess;
    this.places = places;
    this.started = started;
    started.process().onExit().thenRun(this::ended);
  }

  /**
   * Keeps a process ready for a machine.
   *
   * @param starter starts it as that machine's, its standard input a pipe
   */
  static <E extends Exception> WarmProcess of(VmFolder folder, Starter<E> starter) throws E {
    // Looked at first: a definition that changes while the process starts is another one.
    Stamp definition = Stamp.of(folder.definition());
    Stamp lastProcess = Stamp.of(folder.process());
    Confinement.Started started = starter.start();
    // Looked at last: the start makes folders there.
    return new WarmProcess(folder.path(), definition, lastProcess, places(folder.path()), started);
  }

  private static List<@Nullable Stamp> places(Path machine) {
    return Arrays.asList(Stamp.of(machine), Stamp.of(machine.resolve("disks")));
  }

  /** What was started for it goes with it, unless its machine ran. */
  private void ended() {
    if (!ordered.get()) {
      started.undo().run();
    }
  }

  /** Whether it can start this machine as the machine's definition now is. */
  boolean serves(VmFolder folder) {
    return started.process().isAlive()
        && isOf(folder.path())
        && definition != null
        && definition.equals(Stamp.of(folder.definition()))
        && Objects.equals(lastProcess, Stamp.of(folder.process()))
        && places.equals(places(folder.path()));
  }

  /** Whether it is the process of the machine in this folder. */
  boolean isOf(Path folder) {
    return machine.equals(folder);
  }

  /**
   * Orders the start.
   *
   * @param asked when it was asked for
   * @return the process, which answers as any VM process does; null if it cannot be reached
   */
  Confinement.@Nullable Started order(Instant asked) {
    ordered.set(true);
    try (var pipe = started.process().getOutputStream()) {
      pipe.write((VmProcess.nanos(asked) + "\n").getBytes(StandardCharsets.US_ASCII));
      pipe.flush();
      return started;
    } catch (IOException e) {
      LOG.debug("A process that was kept ready has gone", e);
      started.process().destroyForcibly();
      started.undo().run();
      return null;
    }
  }

  /** The process's number. */
  long pid() {
    return started.process().pid();
  }

  /** Ends it, as the end of its keeper would. */
  @Override
  public void close() {
    try {
      started.process().getOutputStream().close();
    } catch (IOException e) {
      LOG.debug("A process that was kept ready has gone", e);
    }
  }

  /**
   * In the process itself: waits for the order, and lets go of the pipe.
   *
   * @return when the start was asked for, nanoseconds since 1970 in decimal; empty if the keeper
   *     has gone
   */
  static Optional<String> awaitOrder(InputStream keeper) {
    try (BufferedReader orders =
        new BufferedReader(new InputStreamReader(keeper, StandardCharsets.US_ASCII))) {
      return Optional.ofNullable(orders.readLine());
    } catch (IOException e) {
      LOG.debug("The keeper cannot be heard", e);
      return Optional.empty();
    }
  }
}
