package org.vivarium.vmm.process;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vivarium.vmm.Engines;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.engine.BootStage;
import org.vivarium.vmm.engine.ConsoleOutput;
import org.vivarium.vmm.engine.DeviceFigures;
import org.vivarium.vmm.engine.Engine;
import org.vivarium.vmm.engine.EngineChoice;
import org.vivarium.vmm.engine.GuestMemoryFigures;
import org.vivarium.vmm.engine.LifeCycle;
import org.vivarium.vmm.engine.MachineListener;
import org.vivarium.vmm.engine.MachineState;
import org.vivarium.vmm.engine.Outcome;
import org.vivarium.vmm.engine.VirtualMachine;

/**
 * A machine without a processor: it greets on its serial console, prints what is typed, powers off
 * on the second press of its power button, and notes what is asked of it. Typing {@code !} makes it
 * panic.
 */
public final class FakeMachine implements VirtualMachine {
  /** What it prints first. */
  public static final String GREETING = "hello\r\n";

  private final LifeCycle life;
  private final ConsoleOutput serial;
  private final ConsoleOutput virtio;
  private final List<String> asked = new ArrayList<>();
  private int presses;
  private int memoryQuestions;

  private FakeMachine(
      MachineConfig config, ConsoleOutput serial, ConsoleOutput virtio, MachineListener listener) {
    this.life = new LifeCycle(config.name(), listener);
    this.serial = serial;
    this.virtio = virtio;
    life.reached(BootStage.MACHINE_BUILT);
  }

  /** An engine that makes such machines, and remembers them. */
  public static final class Maker implements Engine {
    private final List<FakeMachine> made = new ArrayList<>();

    /** One that has made none yet. */
    public Maker() {}

    /** Its machines. */
    public synchronized FakeMachine last() {
      return made.getLast();
    }

    /** What to tell a VM process. */
    public Engines.Selection selection() {
      return new Engines.Selection(
          this, new EngineChoice.Decision("fake", "Engine: fake.", Optional.empty()));
    }

    @Override
    public String name() {
      return "fake";
    }

    @Override
    public VirtualMachine create(
        MachineConfig config, ConsoleOutput console, MachineListener listener) {
      return create(config, console, (_, _, _) -> {}, listener);
    }

    @Override
    public synchronized VirtualMachine create(
        MachineConfig config,
        ConsoleOutput serial,
        ConsoleOutput virtioConsole,
        MachineListener listener) {
      made.add(new FakeMachine(config, serial, virtioConsole, listener));
      return made.getLast();
    }
  }

  private synchronized void note(String request) {
    asked.add(request);
  }

  /** What was asked of it. */
  public synchronized List<String> asked() {
    return List.copyOf(asked);
  }

  /** How often its guest was asked for its memory. */
  public synchronized int memoryQuestions() {
    return memoryQuestions;
  }

  /** Has it print. */
  public void print(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    serial.write(bytes, 0, bytes.length);
  }

  @Override
  public void start() {
    life.become(MachineState.RUNNING);
    life.reached(BootStage.FIRST_INSTRUCTION);
    print(GREETING);
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
    if (bytes[offset] == '!') {
      life.end(new Outcome.Panicked("somebody typed it"));
    }
    serial.write(bytes, offset, 1);
    return 1;
  }

  @Override
  public int virtioInput(byte[] bytes, int offset, int length) {
    virtio.write(bytes, offset, length);
    return length;
  }

  @Override
  public Map<String, Long> counters() {
    return Map.of("exit.io", 7L, "kvm.exits", 9L);
  }

  @Override
  public synchronized Optional<GuestMemoryFigures> guestMemory() {
    memoryQuestions++;
    return Optional.of(new GuestMemoryFigures(100, 50, 60, 20, 0));
  }

  @Override
  public List<DeviceFigures> deviceFigures() {
    return List.of(new DeviceFigures("d", DeviceFigures.Kind.DISK, 1, 2, 3, 4, 5, 6_000_000_000L));
  }

  @Override
  public void resizeConsole(int columns, int rows) {
    note("console " + columns + "x" + rows);
  }

  @Override
  public void attachDisk(DiskConfig disk) {
    note("attach " + disk.id() + " " + disk.file());
  }

  @Override
  public void detachDisk(String id) throws VmmException {
    throw new VmmException("The disk %s is in use.".formatted(id));
  }

  @Override
  public void resizeDisk(String id, long bytes) {
    note("resize " + id + " " + bytes);
  }

  @Override
  public void setLink(String id, boolean up) {
    note("link " + id + " " + up);
  }

  @Override
  public void setForwards(String id, List<PortForward> forwards) {
    note("forwards " + id + " " + forwards.size());
  }

  @Override
  public void setLimit(String id, RateLimit limit) {
    note("limit " + id + " " + limit.bytesPerSecond());
  }

  @Override
  public void setBalloonTarget(long bytes) {
    note("balloon " + bytes);
  }

  @Override
  public void pressPowerButton() {
    note("button");
    synchronized (this) {
      presses++;
    }
    if (presses == 2) {
      life.end(new Outcome.PoweredOff());
    }
  }

  @Override
  public void pause() {
    life.become(MachineState.PAUSED);
  }

  @Override
  public void resume() {
    life.become(MachineState.RUNNING);
  }

  @Override
  public void reset() {
    note("reset");
  }

  @Override
  public void kill() {
    life.end(new Outcome.Killed());
  }

  @Override
  public void close() {
    kill();
    life.join(Duration.ofSeconds(5));
  }
}
