package org.vivarium.vmm.process;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.client.MetricSample;
import org.vivarium.vmm.engine.GuestMemoryFigures;
import org.vivarium.vmm.engine.VirtualMachine;

/**
 * Takes a sample of a machine each second, on a thread of its own, within half a percent of a core:
 * memory, which the kernel walks page tables for, is looked at less often the longer that takes.
 * The guest, which wakes up to tell of its memory, is asked each second while somebody follows the
 * machine; while nobody does, memory is looked at and asked for every quarter of a minute.
 */
final class MetricSampler implements AutoCloseable {
  private static final LazyLogger LOG = LazyLogger.of(MetricSampler.class);
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long MEMORY_EVERY_NANOS = 5 * SECOND;
  private static final long MEMORY_UNFOLLOWED_NANOS = 15 * SECOND;
  private static final long MEMORY_AT_LEAST_NANOS = 30 * SECOND;

  /** Looking at memory takes at most one part in so many of the time. */
  private static final long MEMORY_SHARE = 400;

  private static final String EXIT = "exit.";
  private static final GuestMemoryFigures UNKNOWN = new GuestMemoryFigures(-1, -1, -1, -1, -1);

  private final VirtualMachine machine;
  private final long memoryBytes;
  private final MetricRing ring;
  private final Consumer<MetricSample> listener;
  private final BooleanSupplier followed;
  private final Thread thread;
  private final Path self;
  private final Path runner;
  private final SampleClock clock = new SampleClock();
  private final ProcessTimes ownTimes;
  private final ProcessTimes runnerTimes;
  private ProcessMemory memory = new ProcessMemory(0, 0);
  private GuestMemoryFigures guest = UNKNOWN;
  private long vmmCpuNanos;
  private long memoryDue = System.nanoTime();
  private volatile boolean closed;

  /**
   * @param name for the thread
   * @param machine one that has been built
   * @param size its processors and memory
   * @param listener hears of each sample
   * @param followed tells whether somebody wants to know of the machine now
   */
  MetricSampler(
      String name,
      VirtualMachine machine,
      Size size,
      MetricRing ring,
      Consumer<MetricSample> listener,
      BooleanSupplier followed) {
    this.machine = machine;
    this.memoryBytes = size.memoryBytes();
    this.ring = ring;
    this.listener = listener;
    this.followed = followed;
    long ownPid = ProcessHandle.current().pid();
    this.self = Path.of("/proc/" + ownPid);
    this.runner = Path.of("/proc/" + machine.hostPid());
    this.ownTimes = new ProcessTimes(self, size.cpus());
    this.runnerTimes = runner.equals(self) ? ownTimes : new ProcessTimes(runner, size.cpus());
    this.thread = Thread.ofPlatform().name(name + " metrics").daemon().unstarted(this::run);
  }

  /**
   * A machine's size.
   *
   * @param cpus its virtual processors
   * @param memoryBytes its RAM
   */
  record Size(int cpus, long memoryBytes) {}

  void start() {
    thread.start();
  }

  private void run() {
    long next = System.nanoTime();
    try (ownTimes;
        runnerTimes) {
      while (!closed) {
        next += SECOND;
        long left = next - System.nanoTime();
        if (left < -SECOND) {
          next = System.nanoTime(); // The computer slept: no seconds are made up for.
        }
        TimeUnit.NANOSECONDS.sleep(left);
        MetricSample sample = sample();
        ring.add(sample);
        listener.accept(sample);
      }
    } catch (IOException e) {
      LOG.debug("The machine's processor time can no longer be read", e);
    } catch (InterruptedException _) {
      LOG.debug("The machine has ended");
    }
  }

  private MetricSample sample() throws IOException {
    ProcessTimes.Times times = runnerTimes.read();
    long all = times.totalNanos();
    if (!runner.equals(self)) {
      all += ownTimes.read().totalNanos();
    }
    long vcpus = 0;
    for (MetricSample.VcpuTime time : times.vcpus()) {
      vcpus += time.guestNanos() + time.vmmNanos();
    }
    // The kernel rounds the times of threads and of the process each by itself.
    vmmCpuNanos = Math.max(vmmCpuNanos, all - vcpus);
    lookAtMemory();
    return new MetricSample(
        clock.millis(),
        times.vcpus(),
        vmmCpuNanos,
        guest.total(),
        guest.free(),
        guest.caches(),
        memory.guestRam(),
        memory.rest(),
        machine.deviceFigures(),
        exits());
  }

  private void lookAtMemory() throws IOException {
    long now = System.nanoTime();
    boolean isFollowed = followed.getAsBoolean();
    boolean isDue = now - memoryDue >= 0;
    if (isFollowed || isDue) {
      guest = machine.guestMemory().orElse(UNKNOWN);
    }
    if (!isDue) {
      return;
    }
    boolean apart = !runner.equals(self);
    ProcessMemory looked = ProcessMemory.read(runner, memoryBytes);
    memory = apart ? looked.plus(ProcessMemory.read(self, 0)) : looked;
    long took = System.nanoTime() - now;
    long soonest = isFollowed ? MEMORY_EVERY_NANOS : MEMORY_UNFOLLOWED_NANOS;
    memoryDue = now + Math.clamp(took * MEMORY_SHARE, soonest, MEMORY_AT_LEAST_NANOS);
  }

  private Map<String, Long> exits() {
    Map<String, Long> exits = new TreeMap<>();
    machine
        .counters()
        .forEach(
            (counter, count) -> {
              if (counter.startsWith(EXIT)) {
                exits.put(counter.substring(EXIT.length()), count);
              }
            });
    return exits;
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
