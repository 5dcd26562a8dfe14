package org.vivarium.vmm.machine;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.engine.BootStage;
import org.vivarium.vmm.engine.ConsoleOutput;
import org.vivarium.vmm.engine.DeviceControl;
import org.vivarium.vmm.engine.LifeCycle;
import org.vivarium.vmm.engine.MachineListener;
import org.vivarium.vmm.engine.MachineState;
import org.vivarium.vmm.engine.MachineWithDevices;
import org.vivarium.vmm.engine.Outcome;
import org.vivarium.vmm.engine.PanicScanner;

/**
 * A machine on KVM, from its building to its end.
 *
 * <p>One control thread owns the hardware and carries out one order after the other; callers and
 * processors post to it. A restart takes the hardware down and builds it anew, so that nothing of
 * the guest's last life is left in it.
 */
final class KvmMachine extends MachineWithDevices
    implements ControlThread.Machine, DeviceRequests.Machine {
  /** How long a reader of the console may block the end of a machine. */
  private static final long CONSOLE_PATIENCE_MILLIS = 2_000;

  private final MachineConfig config;
  private final HardwareBuilder builder;
  private final LifeCycle life;
  private final ConsolePump pump;
  private final PanicScanner scanner = new PanicScanner();
  private final ControlThread control;
  private final DeviceRequests devices;
  private final Map<BootStage, Map<String, Long>> countersAt = new ConcurrentHashMap<>();
  private final HardwareBuilder.Consoles consoles;
  private final @Nullable ConsolePump virtioPump;
  private @Nullable HostDevices host;
  private volatile @Nullable Hardware hardware;
  private volatile long silentSince;
  private volatile boolean killed;

  /**
   * Starts the control thread; {@link #build} then builds the hardware on it.
   *
   * @param console takes what the guest prints on its serial console
   * @param virtioConsole takes what it prints on its virtio console, if it has one
   */
  KvmMachine(
      MachineConfig config,
      HardwareBuilder builder,
      ConsoleOutput console,
      ConsoleOutput virtioConsole,
      MachineListener listener) {
    this.config = config;
    this.builder = builder;
    this.life = new LifeCycle(config.name(), listener);
    this.control = new ControlThread("vm-" + config.name() + "-ctl", this);
    this.devices = new DeviceRequests(control, this);
    this.pump =
        new ConsolePump(
            "vm-" + config.name() + "-console",
            (bytes, offset, length) -> {
              scanner.scan(bytes, offset, length);
              silentSince = System.nanoTime();
              if (scanner.isLastWord()) {
                control.post(() -> {});
              }
              console.write(bytes, offset, length);
            });
    this.virtioPump =
        config.devices().console()
            ? new ConsolePump("vm-" + config.name() + "-hvc0", virtioConsole)
            : null;
    this.consoles =
        new HardwareBuilder.Consoles(pump.ring(), virtioPump == null ? null : virtioPump.ring());
  }

  /**
   * Builds the hardware; the machine is then ready to start.
   *
   * @throws VmmException if it cannot be built; nothing is left then
   */
  void build() throws VmmException {
    pump.start();
    if (virtioPump != null) {
      virtioPump.start();
    }
    control.start();
    try {
      control.call(this::buildHardware);
      life.reached(BootStage.MACHINE_BUILT);
    } catch (VmmException e) {
      close();
      throw e;
    }
  }

  private void buildHardware() throws VmmException, InterruptedException {
    HostDevices ends = host;
    if (ends == null) {
      ends = HostDevices.open(config, new DeviceReports());
      host = ends;
    }
    hardware = builder.build(config, consoles, ends, new Signals());
  }

  @Override
  public void start() throws VmmException {
    control.call(
        () -> {
          if (life.become(MachineState.RUNNING)) {
            running().start();
          }
        });
  }

  @Override
  public MachineState state() {
    return life.state();
  }

  @Override
  public Optional<Outcome> await(Duration timeout) throws InterruptedException {
    return life.await(timeout);
  }

  @Override
  public int input(byte[] bytes, int offset, int length) {
    Hardware present = hardware;
    if (present == null) {
      return 0;
    }
    scanner.noteInput();
    return present.serialInput(bytes, offset, length);
  }

  @Override
  public int virtioInput(byte[] bytes, int offset, int length) {
    Hardware present = hardware;
    return present == null ? 0 : present.virtio().consoleInput(bytes, offset, length);
  }

  @Override
  public void resizeConsole(int columns, int rows) throws VmmException {
    devices.resizeConsole(columns, rows);
  }

  @Override
  protected DeviceControl devices() {
    return devices;
  }

  @Override
  public void pressPowerButton() throws VmmException {
    control.call(() -> running().pressPowerButton());
  }

  @Override
  public void pause() throws VmmException {
    control.call(
        () -> {
          if (life.state() == MachineState.RUNNING) {
            running().pause();
            life.become(MachineState.PAUSED);
          }
        });
  }

  @Override
  public void resume() throws VmmException {
    control.call(
        () -> {
          if (life.state() == MachineState.PAUSED) {
            running().virtio().retryDisks();
            running().resume();
            life.become(MachineState.RUNNING);
          }
        });
  }

  @Override
  public void reset() throws VmmException {
    control.call(() -> restart(null));
  }

  @Override
  public void kill() {
    killed = true;
    control.post(() -> finish(new Outcome.Killed()));
    control.join();
  }

  @Override
  public void close() {
    kill();
    life.join(Duration.ofSeconds(1));
  }

  @Override
  public Map<String, Long> counters() {
    Hardware present = hardware;
    return present == null ? Map.of() : present.counters();
  }

  @Override
  public Map<String, Long> countersAt(BootStage stage) {
    return countersAt.getOrDefault(stage, Map.of());
  }

  @Override
  public HostDevices hostDevices() throws VmmException {
    HostDevices present = host;
    if (present == null) {
      throw new VmmException("The machine has ended.");
    }
    return present;
  }

  @Override
  public Hardware running() throws VmmException {
    Hardware present = hardware;
    if (present == null) {
      throw new VmmException("The machine has ended.");
    }
    return present;
  }

  @Override
  public boolean isEnded() {
    return life.state().isEnd();
  }

  @Override
  public boolean isStarted() {
    return life.state() != MachineState.CREATED;
  }

  @Override
  public boolean isWatched() {
    return scanner.isLastWord();
  }

  @Override
  public void failed(String why) {
    try {
      finish(new Outcome.Failed(why));
    } catch (InterruptedException e) {
      life.end(new Outcome.Failed("The machine could not be taken down: it was interrupted."));
    }
  }

  /** A kernel that printed a panic's last line and nothing since has panicked. */
  @Override
  public void look() throws InterruptedException {
    if (scanner.isLastWord()
        && System.nanoTime() - silentSince >= PanicScanner.SILENCE.toNanos()
        && life.state() == MachineState.RUNNING) {
      finish(new Outcome.Panicked(scanner.reason().orElse("The kernel panicked.")));
    }
  }

  /** Takes the hardware down, lets the console's last words out, and tells of the end. */
  private void finish(Outcome outcome) throws InterruptedException {
    takeDown();
    HostDevices ends = host;
    host = null;
    if (ends != null) {
      ends.close();
    }
    pump.finish(CONSOLE_PATIENCE_MILLIS);
    if (virtioPump != null) {
      // A reader may take its time over a process's output, which nobody keeps elsewhere.
      boolean carried;
      do {
        carried = virtioPump.finish(CONSOLE_PATIENCE_MILLIS);
      } while (!carried && !killed);
    }
    life.end(outcome);
  }

  private void takeDown() throws InterruptedException {
    Hardware present = hardware;
    hardware = null;
    if (present != null) {
      present.takeDown();
    }
  }

  private void restart(@Nullable String why) throws VmmException, InterruptedException {
    if (life.state().isEnd() || hardware == null) {
      return;
    }
    if (why != null && scanner.explainsReset()) {
      finish(new Outcome.Panicked(scanner.reason().orElse("The kernel panicked.")));
      return;
    }
    takeDown();
    scanner.forget();
    buildHardware();
    life.restarted(why);
    if (life.state() == MachineState.RUNNING) {
      running().start();
    }
  }

  /** What devices' threads tell. */
  private final class DeviceReports implements HostDevices.Reports {
    @Override
    public void defect(String why) {
      control.post(() -> finish(new Outcome.Failed(why)));
    }

    @Override
    public void note(String sentence) {
      life.fault(sentence);
    }

    @Override
    public void over(String noted, String sentence) {
      life.faultOver(noted, sentence);
    }

    @Override
    public void full(String sentence) {
      control.post(
          () -> {
            if (life.state() == MachineState.RUNNING) {
              running().pause();
              life.become(MachineState.PAUSED);
            }
            life.fault(sentence);
          });
    }
  }

  /** The hardware's signals, each turned into an order; those of hardware that is gone are late. */
  private final class Signals implements MachineSignals {
    private final AtomicBoolean posted = new AtomicBoolean();

    /** Every order posted here ends this hardware, so the first is enough, however many come. */
    private void post(ControlThread.Order order) {
      if (!posted.compareAndSet(false, true)) {
        return;
      }
      control.post(
          () -> {
            Hardware present = hardware;
            if (present != null && present.signals() == this) {
              order.carryOut();
            }
          });
    }

    @Override
    public void firstInstruction() {
      life.reached(BootStage.FIRST_INSTRUCTION);
    }

    @Override
    public void tripleFault() {
      post(() -> restart("the processor stopped in a triple fault"));
    }

    @Override
    public void failed(String why) {
      post(() -> finish(new Outcome.Failed(why)));
    }

    @Override
    public void poweredOff() {
      post(() -> finish(new Outcome.PoweredOff()));
    }

    @Override
    public void resetRequested(String how) {
      post(() -> restart("the guest asked for it " + how));
    }

    @Override
    public void panicked() {
      post(
          () ->
              finish(
                  new Outcome.Panicked(scanner.reason().orElse("The guest's kernel panicked."))));
    }

    @Override
    public void debugByte(int value) {
      if (value == BootStage.USER_SPACE_CODE) {
        reached(BootStage.USER_SPACE);
      } else if (value == BootStage.PROMPT_CODE) {
        reached(BootStage.PROMPT);
      }
    }

    /** On the thread of the processor that reports it: its guest stands still meanwhile. */
    private void reached(BootStage stage) {
      if (builder.countsForMeasurement()) {
        countersAt.putIfAbsent(stage, counters());
      }
      life.reached(stage);
    }
  }
}
