package org.vivarium.vmm.machine;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.engine.BootStage;
import org.vivarium.vmm.engine.ConsoleOutput;
import org.vivarium.vmm.engine.LifeCycle;
import org.vivarium.vmm.engine.MachineListener;
import org.vivarium.vmm.engine.MachineState;
import org.vivarium.vmm.engine.Outcome;
import org.vivarium.vmm.engine.PanicScanner;
import org.vivarium.vmm.engine.VirtualMachine;

/**
 * A machine on KVM, from its building to its end.
 *
 * <p>One control thread owns the hardware and carries out one order after the other; callers and
 * processors post to it. A restart takes the hardware down and builds it anew, so that nothing of
 * the guest's last life is left in it.
 */
final class KvmMachine implements VirtualMachine {
  /** How long a reader of the console may block the end of a machine. */
  private static final long CONSOLE_PATIENCE_MILLIS = 2_000;

  private static final long LOOK_AT_SILENCE_MILLIS = 100;

  /** Something for the control thread to do. */
  @FunctionalInterface
  private interface Order {
    void carryOut() throws VmmException, InterruptedException;
  }

  private final MachineConfig config;
  private final HardwareBuilder builder;
  private final LifeCycle life;
  private final ConsolePump pump;
  private final PanicScanner scanner = new PanicScanner();
  private final BlockingQueue<Order> orders = new LinkedBlockingQueue<>();
  private final Thread control;
  private final Map<BootStage, Map<String, Long>> countersAt = new ConcurrentHashMap<>();
  private volatile @Nullable Hardware hardware;
  private volatile long silentSince;

  /**
   * Starts the control thread; {@link #build} then builds the hardware on it.
   *
   * @param console takes what the guest prints
   */
  KvmMachine(
      MachineConfig config,
      HardwareBuilder builder,
      ConsoleOutput console,
      MachineListener listener) {
    this.config = config;
    this.builder = builder;
    this.life = new LifeCycle(config.name(), listener);
    this.pump =
        new ConsolePump(
            config.name(),
            (bytes, offset, length) -> {
              scanner.scan(bytes, offset, length);
              silentSince = System.nanoTime();
              if (scanner.isLastWord()) {
                orders.add(() -> {});
              }
              console.write(bytes, offset, length);
            });
    this.control =
        Thread.ofPlatform().name("vm-" + config.name() + "-ctl").daemon().unstarted(this::control);
  }

  /**
   * Builds the hardware; the machine is then ready to start.
   *
   * @throws VmmException if it cannot be built; nothing is left then
   */
  void build() throws VmmException {
    pump.start();
    control.start();
    try {
      order(() -> hardware = builder.build(config, pump.ring(), new Signals()));
      life.reached(BootStage.MACHINE_BUILT);
    } catch (VmmException e) {
      close();
      throw e;
    }
  }

  @Override
  public void start() throws VmmException {
    order(
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
  public void pressPowerButton() throws VmmException {
    order(() -> running().pressPowerButton());
  }

  @Override
  public void pause() throws VmmException {
    order(
        () -> {
          if (life.state() == MachineState.RUNNING) {
            running().pause();
            life.become(MachineState.PAUSED);
          }
        });
  }

  @Override
  public void resume() throws VmmException {
    order(
        () -> {
          if (life.state() == MachineState.PAUSED) {
            running().resume();
            life.become(MachineState.RUNNING);
          }
        });
  }

  @Override
  public void reset() throws VmmException {
    order(() -> restart(null));
  }

  @Override
  public void kill() {
    orders.add(() -> finish(new Outcome.Killed()));
    joinUninterruptibly();
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

  private void joinUninterruptibly() {
    if (Thread.currentThread().equals(control)) {
      return;
    }
    boolean interrupted = false;
    while (control.isAlive()) {
      try {
        control.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Has the control thread do something and waits for it; nothing after the machine's end. */
  private void order(Order order) throws VmmException {
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    orders.add(
        () -> {
          try {
            if (!life.state().isEnd()) {
              order.carryOut();
            }
            done.complete(null);
          } catch (VmmException | RuntimeException e) {
            done.completeExceptionally(e);
          }
        });
    try {
      while (!done.isDone() && control.isAlive()) {
        done.copy().completeOnTimeout(null, LOOK_AT_SILENCE_MILLIS, TimeUnit.MILLISECONDS).get();
      }
      if (done.isCompletedExceptionally()) {
        done.get();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof VmmException cause) {
        throw cause;
      }
      throw new VmmException("The machine's control failed: " + e.getCause() + ".", e);
    }
  }

  private Hardware running() throws VmmException {
    Hardware present = hardware;
    if (present == null) {
      throw new VmmException("The machine has ended.");
    }
    return present;
  }

  private void control() {
    try {
      while (!life.state().isEnd()) {
        Order order =
            scanner.isLastWord()
                ? orders.poll(LOOK_AT_SILENCE_MILLIS, TimeUnit.MILLISECONDS)
                : orders.take();
        if (order != null) {
          order.carryOut();
        }
        lookAtSilence();
      }
    } catch (VmmException e) {
      fail(e.getMessage());
    } catch (InterruptedException e) {
      fail("The machine's control thread was interrupted.");
    } catch (RuntimeException | Error e) {
      fail("The machine's control met a defect: " + e + ".");
    }
  }

  private void fail(String why) {
    try {
      finish(new Outcome.Failed(why));
    } catch (InterruptedException e) {
      life.end(new Outcome.Failed("The machine could not be taken down: it was interrupted."));
    }
  }

  /** A kernel that printed a panic's last line and nothing since has panicked. */
  private void lookAtSilence() throws InterruptedException {
    if (scanner.isLastWord()
        && System.nanoTime() - silentSince >= PanicScanner.SILENCE.toNanos()
        && life.state() == MachineState.RUNNING) {
      finish(new Outcome.Panicked(scanner.reason().orElse("The kernel panicked.")));
    }
  }

  /** Takes the hardware down, lets the console's last words out, and tells of the end. */
  private void finish(Outcome outcome) throws InterruptedException {
    takeDown();
    pump.finish(CONSOLE_PATIENCE_MILLIS);
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
    Hardware fresh = builder.build(config, pump.ring(), new Signals());
    hardware = fresh;
    life.restarted(why);
    if (life.state() == MachineState.RUNNING) {
      fresh.start();
    }
  }

  /** The hardware's signals, each turned into an order; those of hardware that is gone are late. */
  private final class Signals implements MachineSignals {
    private final AtomicBoolean posted = new AtomicBoolean();

    /** Every order posted here ends this hardware, so the first is enough, however many come. */
    private void post(Order order) {
      if (!posted.compareAndSet(false, true)) {
        return;
      }
      orders.add(
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
