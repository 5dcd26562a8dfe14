package org.vivarium.vmm.engine.qemu;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.config.WhenFull;
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
 * A machine that a QEMU process emulates.
 *
 * <p>It ends when that process does, and only then: whoever wants it to end (a panic seen, a
 * monitor that broke, a person) notes why and ends the process; the thread that sees the exit waits
 * for the last console bytes and events, and then names the outcome.
 */
final class QemuMachine extends MachineWithDevices implements Qmp.Events {
  private static final LazyLogger LOG = LazyLogger.of(QemuMachine.class);
  private static final Duration COMMAND = Duration.ofSeconds(20);
  private static final Duration GREETING = Duration.ofSeconds(60);
  private static final Duration LAST_EVENTS = Duration.ofSeconds(5);

  /** After this a QEMU that was told to quit is killed. */
  private static final int SECONDS_TO_QUIT = 2;

  /** How long a killed machine waits for a console receiver that blocks. */
  private static final Duration CONSOLE_OF_KILLED = Duration.ofSeconds(1);

  private final String name;
  private final QemuChannels channels;
  private final LifeCycle life;
  private final PanicScanner scanner = new PanicScanner();
  private final ConsoleInput input;
  private final ConsolePump pump;
  private final FirmwareReset firmware = new FirmwareReset();
  private final Qmp monitor;
  private final QemuDevices devices;
  private final QemuDeviceRequests requests;
  private final @Nullable VirtioConsole hvc;
  private final Thread consoleThread;
  private final Thread inputThread;
  private final Thread debugThread;
  private final Thread endThread;

  /** Held while a person's request runs, so that two of them do not mix. */
  private final ReentrantLock request = new ReentrantLock();

  private volatile boolean killed;
  private volatile @Nullable String panic;
  private volatile @Nullable String shutdownReason;
  private volatile @Nullable String trouble;

  /**
   * Makes a machine of a QEMU that has just started and waits ({@code -S}); {@link #open} is next.
   */
  QemuMachine(
      MachineConfig config,
      QemuChannels channels,
      ConsoleOutput console,
      ConsoleOutput virtioConsole,
      MachineListener listener) {
    this.name = config.name();
    this.channels = channels;
    life = new LifeCycle(name, listener);
    Process process = channels.process().console();
    input = new ConsoleInput(process.getOutputStream());
    monitor = new Qmp(channels.monitor(), name + " monitor", this);
    devices = new QemuDevices(monitor, config);
    requests = new QemuDeviceRequests(devices, life, request);
    SocketChannel hvcChannel = channels.virtioConsole();
    hvc = hvcChannel == null ? null : new VirtioConsole(name, hvcChannel, virtioConsole);
    pump = new ConsolePump(process.getInputStream(), console, scanner, this::panicPrinted);
    consoleThread = thread("console", pump);
    inputThread = thread("input", input);
    debugThread = thread("debug", this::readStages);
    endThread = thread("end", this::ended);
  }

  private Thread thread(String role, Runnable work) {
    return Thread.ofPlatform().name(name + " " + role).daemon().unstarted(work);
  }

  /**
   * Starts this side's threads and the monitor.
   *
   * @throws VmmException if QEMU does not answer; the machine has ended then and holds nothing
   */
  void open() throws VmmException {
    consoleThread.start();
    inputThread.start();
    debugThread.start();
    if (hvc != null) {
      hvc.start();
    }
    channels.process().exited().thenRun(endThread::start);
    try {
      monitor.open(GREETING);
      devices.prepare();
      life.reached(BootStage.MACHINE_BUILT);
    } catch (Qmp.Ended e) {
      close();
      throw new VmmException("QEMU did not start: %s".formatted(channels.process().lastWords()), e);
    } catch (VmmException e) {
      close();
      throw e;
    }
  }

  @Override
  public void start() throws VmmException {
    request.lock();
    try {
      MachineState now = life.state();
      if (now.isEnd()) {
        return;
      }
      if (now != MachineState.CREATED) {
        throw new VmmException("The machine %s has been started already.".formatted(name));
      }
      try {
        monitor.execute("cont", COMMAND);
      } catch (VmmException e) {
        if (!(e instanceof Qmp.Ended)) {
          trouble = e.getMessage();
        }
        endProcess();
        awaitEnd();
        throw e;
      }
      if (life.become(MachineState.RUNNING)) {
        life.reached(BootStage.FIRST_INSTRUCTION);
      }
    } finally {
      request.unlock();
    }
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
    int taken = input.offer(bytes, offset, length);
    if (taken > 0) {
      scanner.noteInput();
    }
    return taken;
  }

  @Override
  public long hostPid() {
    return channels.process().console().pid();
  }

  @Override
  public int virtioInput(byte[] bytes, int offset, int length) {
    return hvc == null ? 0 : hvc.input(bytes, offset, length);
  }

  @Override
  protected DeviceControl devices() {
    return requests;
  }

  @Override
  public void pressPowerButton() throws VmmException {
    command("system_powerdown");
  }

  @Override
  public void pause() throws VmmException {
    step("stop", MachineState.PAUSED);
  }

  @Override
  public void resume() throws VmmException {
    step("cont", MachineState.RUNNING);
  }

  private void step(String command, MachineState to) throws VmmException {
    request.lock();
    try {
      if (life.state() != to && command(command)) {
        life.become(to);
      }
    } finally {
      request.unlock();
    }
  }

  @Override
  public void reset() throws VmmException {
    command("system_reset");
  }

  /** Whether the machine lives and has done it. */
  private boolean command(String command) throws VmmException {
    request.lock();
    try {
      MachineState now = life.state();
      if (now == MachineState.CREATED) {
        throw new VmmException("The machine %s has not been started yet.".formatted(name));
      }
      if (now.isEnd()) {
        return false;
      }
      monitor.execute(command, COMMAND);
      return true;
    } catch (Qmp.Ended e) {
      LOG.debug("{} ended before {}", name, command, e);
      return false;
    } finally {
      request.unlock();
    }
  }

  @Override
  public void kill() {
    killed = true;
    endProcess();
    awaitEnd();
  }

  @Override
  public void close() {
    kill();
    life.join(LAST_EVENTS);
    channels.process().join(LAST_EVENTS);
    try {
      for (Thread thread : List.of(endThread, consoleThread, inputThread, debugThread)) {
        if (!thread.equals(Thread.currentThread())) {
          thread.join(LAST_EVENTS);
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void endProcess() {
    if (!channels.process().exited().isDone()) {
      channels.process().killAfter(SECONDS_TO_QUIT);
      monitor.tell("quit");
    }
  }

  private void awaitEnd() {
    boolean interrupted = false;
    Optional<Outcome> end = Optional.empty();
    while (end.isEmpty()) {
      try {
        end = life.await(LAST_EVENTS);
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void event(String event, long micros, JsonNode data) {
    switch (event) {
      case "RESET" -> restarted(data.path("guest").asBoolean(), micros);
      case "SHUTDOWN" -> shutdownReason = data.path("reason").asText();
      case "GUEST_PANICKED" -> panic = "";
      case "BLOCK_IO_ERROR" -> writeFailed(data);
      case "DEVICE_DELETED" -> devices.deviceGone(data.path("device").asText(), false);
      case "DEVICE_UNPLUG_GUEST_ERROR" -> devices.deviceGone(data.path("device").asText(), true);
      default -> LOG.debug("{}: {} {}", name, event, data);
    }
  }

  @Override
  public void closed(@Nullable String why) {
    if (why != null) {
      trouble = why + ".";
    }
    endProcess();
  }

  /** QEMU tries the write again by itself when the machine goes on. */
  private void writeFailed(JsonNode data) {
    if (data.path("action").asText().equals("stop")) {
      life.become(MachineState.PAUSED);
      life.fault(WhenFull.paused(QemuDeviceWords.diskOf(data.path("node-name").asText())));
    }
  }

  private void restarted(boolean byGuest, long micros) {
    pump.settle();
    if (firmware.isOwn(byGuest, micros, pump.printed())) {
      return;
    }
    if (byGuest && scanner.explainsReset()) {
      panicPrinted();
      return;
    }
    scanner.forget();
    life.restarted(byGuest ? "The guest restarted the machine." : null);
  }

  private void panicPrinted() {
    panic = scanner.reason().orElse("");
    endProcess();
  }

  private void readStages() {
    ByteBuffer chunk = ByteBuffer.allocate(4 << 10);
    try {
      SocketChannel debug = channels.debug();
      while (debug.read(chunk.clear()) >= 0) {
        chunk.flip();
        while (chunk.hasRemaining()) {
          stage(chunk.get());
        }
      }
    } catch (IOException e) {
      LOG.debug("{}: the debug port ended early", name, e);
    }
  }

  private void stage(byte code) {
    switch (code) {
      case BootStage.USER_SPACE_CODE -> life.reached(BootStage.USER_SPACE);
      case BootStage.PROMPT_CODE -> life.reached(BootStage.PROMPT);
      default -> LOG.trace("{}: code {} on the debug port", name, code);
    }
  }

  private void ended() {
    try {
      monitor.join(LAST_EVENTS);
      debugThread.join(LAST_EVENTS);
      while (!consoleThread.join(CONSOLE_OF_KILLED) && !killed) {
        LOG.debug("{}: the console's receiver is slow", name);
      }
      consoleThread.interrupt();
      while (hvc != null && !hvc.join(CONSOLE_OF_KILLED) && !killed) {
        LOG.debug("{}: the virtio console's receiver is slow", name);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    input.close();
    if (hvc != null) {
      hvc.close();
    }
    channels.close();
    life.end(outcome(channels.process().exited().join()));
  }

  private Outcome outcome(int status) {
    String reason = shutdownReason;
    String why = panic;
    if (why == null && "guest-panic".equals(reason)) {
      why = "";
    }
    if (why != null) {
      return new Outcome.Panicked(
          why.isEmpty() ? scanner.reason().orElse("the kernel gave no reason") : why);
    }
    if ("guest-shutdown".equals(reason)) {
      return new Outcome.PoweredOff();
    }
    if (killed) {
      return new Outcome.Killed();
    }
    String sentence = trouble;
    return new Outcome.Failed(
        sentence != null
            ? sentence
            : "QEMU ended unexpectedly with status %d: %s"
                .formatted(status, channels.process().lastWords()));
  }
}
