package org.vivarium.vmm.process;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.Engines;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineStatus;
import org.vivarium.vmm.client.Notification;
import org.vivarium.vmm.codec.StatusCodec;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.engine.Outcome;
import org.vivarium.vmm.engine.VirtualMachine;
import org.vivarium.vmm.store.ProcessRecord;
import org.vivarium.vmm.store.SocketFolder;
import org.vivarium.vmm.store.VmFolder;

/**
 * A machine with all that its process has around it: sockets, console logs, metrics, and what it
 * says of itself in its folder. The caller holds the machine's lock. Any thread may call.
 */
final class MachineHost implements ControlRequests.Host, AutoCloseable {
  /** How long those who are attached may take to read the last words. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(1);

  private static final Duration FOREVER = Duration.ofDays(36_500);

  /**
   * What a host is made of.
   *
   * @param plan resolves the definition's paths
   * @param config the machine
   * @param selection the engine that runs it
   * @param asked when the machine's start was asked for
   * @param log where its events go
   * @param confinement what the process is confined by
   */
  record Setup(
      MachinePlan plan,
      MachineConfig config,
      Engines.Selection selection,
      Instant asked,
      EventLog log,
      OwnConfinement confinement) {}

  /** What is there once the machine has been built. */
  private record Parts(
      VirtualMachine machine,
      Shutdown shutdown,
      ControlServer control,
      ConsoleServer serial,
      @Nullable ConsoleServer virtio) {}

  private final Setup setup;
  private final SocketFolder sockets;
  private final MachineNews news;
  private final MetricRing ring = new MetricRing();

  /** Undoes what was done, the last first. */
  private final Deque<Runnable> undo = new ArrayDeque<>();

  /** Asked once: later the process may no longer ask the kernel. */
  private final Optional<String> confinedBy;

  private final Parts parts;

  private MachineHost(Setup setup) throws VmmException {
    this.setup = setup;
    this.sockets = setup.plan().sockets();
    this.news = new MachineNews(setup.log(), this::record, setup.asked());
    this.confinedBy = setup.confinement().description();
    setup.confinement().complaint().ifPresentOrElse(news::trouble, this::noteConfinement);
    record(ProcessRecord.Phase.STARTING, Optional.empty());
    try {
      this.parts = build();
    } catch (VmmException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Builds the machine and begins to serve its sockets.
   *
   * @throws VmmException why that is not possible; nothing is left then
   */
  static MachineHost build(Setup setup) throws VmmException {
    return new MachineHost(setup);
  }

  private void noteConfinement() {
    confinedBy.ifPresent(
        means -> news.note("The machine's process is confined by " + means + ".", false));
  }

  private Parts build() throws VmmException {
    VmFolder folder = setup.plan().folder();
    MachineConfig config = setup.config();
    boolean two = config.devices().console();
    ConsoleLog serialLog = open(new ConsoleLog(folder.serialLog(), news::trouble));
    ConsoleLog virtioLog = open(new ConsoleLog(folder.virtioLog(), news::trouble));
    VirtualMachine machine = setup.selection().engine().create(config, serialLog, virtioLog, news);
    undo.push(machine::close);
    sockets.clear();
    ConsoleServer serial =
        ConsoleServer.listen(sockets.serial(), "serial", serialLog, machine::input);
    undo.push(serial::close);
    @Nullable ConsoleServer virtio = null;
    if (two) {
      virtio = ConsoleServer.listen(sockets.virtio(), "virtio", virtioLog, machine::virtioInput);
      undo.push(virtio::close);
    }
    ControlServer control =
        ControlServer.listen(
            sockets.control(), "control", new ControlRequests(this, config.name()));
    undo.push(control::close);
    news.pushTo(control::push);
    MetricSampler sampler =
        new MetricSampler(
            "vm",
            machine,
            new MetricSampler.Size(config.cpus(), config.memoryBytes()),
            ring,
            sample -> news.push(new Notification.Sampled(sample)),
            control::isFollowed);
    sampler.start();
    undo.push(sampler::close);
    return new Parts(machine, new Shutdown(machine), control, serial, virtio);
  }

  private ConsoleLog open(ConsoleLog log) {
    undo.push(log::close);
    return log;
  }

  private void record(ProcessRecord.Phase phase, Optional<String> problem) throws VmmException {
    new ProcessRecord(
            ProcessHandle.current().pid(),
            sockets.path(),
            Optional.of(setup.selection().engine().name()),
            phase,
            setup.confinement().isOn(),
            phase == ProcessRecord.Phase.ENDED ? problem : setup.confinement().complaint())
        .write(setup.plan().folder());
  }

  /**
   * Starts the machine and stays until it has ended.
   *
   * @param started called when it runs
   * @return how it ended
   * @throws VmmException if it does not start
   */
  Outcome run(Runnable started) throws VmmException, InterruptedException {
    setup.confinement().beforeTheGuest(setup.selection().engine().name());
    parts.machine().start();
    // So that whoever is told that it runs also finds it running.
    news.awaitBegun();
    started.run();
    Optional<Outcome> outcome = Optional.empty();
    while (outcome.isEmpty()) {
      outcome = parts.machine().await(FOREVER);
    }
    parts.machine().close();
    ended(outcome.get());
    return outcome.get();
  }

  private void ended(Outcome outcome) {
    boolean asked = outcome instanceof Outcome.PoweredOff || outcome instanceof Outcome.Killed;
    String why =
        switch (outcome) {
          case Outcome.PoweredOff _ -> "The guest turned the machine off.";
          case Outcome.Killed _ -> "The machine was turned off.";
          case Outcome.Panicked(String reason) ->
              "The guest's kernel panicked: " + reason.replaceFirst("\\.$", "") + ".";
          case Outcome.Failed(String reason) -> reason;
        };
    news.note(why, !asked);
    try {
      record(ProcessRecord.Phase.ENDED, asked ? Optional.empty() : Optional.of(why));
    } catch (VmmException e) {
      news.note(String.valueOf(e.getMessage()), true);
    }
    boolean poweredOff = outcome instanceof Outcome.PoweredOff;
    parts.control().end(StatusCodec.ended(why, asked, poweredOff), LAST_WORDS);
    parts.serial().end(LAST_WORDS.toMillis());
    ConsoleServer virtio = parts.virtio();
    if (virtio != null) {
      virtio.end(LAST_WORDS.toMillis());
    }
  }

  @Override
  public VirtualMachine machine() {
    return parts.machine();
  }

  @Override
  public MachineStatus status() {
    return new MachineStatus(
        machine().state(),
        setup.selection().engine().name(),
        setup.selection().decision().reason(),
        ProcessHandle.current().pid(),
        setup.asked().toEpochMilli(),
        news.stages(),
        confinedBy,
        machine().guestAddress(),
        news.problem());
  }

  @Override
  public void shutDown(Duration patience) {
    news.note("A shutdown was asked for.", false);
    parts.shutdown().begin(patience);
  }

  @Override
  public void kill() {
    machine().kill();
  }

  @Override
  public MetricRing metrics() {
    return ring;
  }

  @Override
  public DiskConfig resolve(DiskConfig disk) {
    return setup.plan().resolve(disk);
  }

  @Override
  public void close() {
    while (!undo.isEmpty()) {
      undo.pop().run();
    }
    sockets.remove();
  }
}
