package org.vivarium.app.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineStatus;
import org.vivarium.vmm.client.MachineSummary.State;
import org.vivarium.vmm.client.MetricSample;
import org.vivarium.vmm.client.Notification;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.engine.BootStage;
import org.vivarium.vmm.engine.MachineState;

/** A machine that does as it is told at once, unless {@link #refusal} says why it does not. */
final class FakeMachine implements MachineConnection {
  VmDefinition definition;
  State state = State.STOPPED;
  boolean obeysPowerButton = true;
  String refusal = "";
  List<MetricSample> samples = List.of();

  /** What the console shows; then it waits to be left, or ends as {@link #lastWord} says. */
  String shown = "";

  Optional<Notification.Disconnected> lastWord = Optional.empty();
  final ByteArrayOutputStream typed = new ByteArrayOutputStream();
  private final List<String> calls;

  FakeMachine(VmDefinition definition, List<String> calls) {
    this.definition = definition;
    this.calls = calls;
  }

  boolean isAlive() {
    return state == State.RUNNING || state == State.PAUSED;
  }

  private void call(String what) throws VmmException {
    if (!refusal.isEmpty()) {
      throw new VmmException(refusal);
    }
    calls.add(name() + " " + what);
  }

  @Override
  public String name() {
    return definition.name();
  }

  @Override
  public MachineStatus status() {
    return new MachineStatus(
        state == State.PAUSED ? MachineState.PAUSED : MachineState.RUNNING,
        "qemu",
        "Engine: qemu (software emulation), as asked.",
        4711,
        1_700_000_000_000L,
        Map.of(BootStage.PROMPT, 1_500_000_000L),
        Optional.of("Landlock (version 7) and a filter of system calls"),
        Optional.of("10.0.2.15"),
        Optional.empty());
  }

  @Override
  public void pressPowerButton() throws VmmException {
    call("power button");
  }

  @Override
  public boolean shutDown(Duration patience) throws VmmException {
    call("shut down " + patience.toSeconds());
    state = State.STOPPED;
    return obeysPowerButton;
  }

  @Override
  public void kill() throws VmmException {
    call("kill");
    state = State.STOPPED;
  }

  @Override
  public void pause() throws VmmException {
    call("pause");
    state = State.PAUSED;
  }

  @Override
  public void resume() throws VmmException {
    call("resume");
    state = State.RUNNING;
  }

  @Override
  public void reset() throws VmmException {
    call("reset");
  }

  @Override
  public void attachDisk(DiskConfig disk) throws VmmException {
    call("attach " + disk.id());
  }

  @Override
  public void detachDisk(String id) throws VmmException {
    call("detach " + id);
  }

  @Override
  public void resizeDisk(String id, long bytes) throws VmmException {
    call("resize " + id + " " + bytes);
  }

  @Override
  public void setLink(String id, boolean up) throws VmmException {
    call("link " + id + " " + up);
  }

  @Override
  public void setForwards(String id, List<PortForward> forwards) throws VmmException {
    call("forwards " + id + " " + forwards.stream().map(ForwardOption::text).toList());
  }

  @Override
  public void setLimit(String id, RateLimit limit) throws VmmException {
    call("limit " + id + " " + limit.bytesPerSecond() + " " + limit.operationsPerSecond());
  }

  @Override
  public void setBalloonTarget(long bytes) throws VmmException {
    call("balloon " + bytes);
  }

  @Override
  public List<MetricSample> samples(long afterMillis) {
    return samples;
  }

  @Override
  public void subscribe(Consumer<Notification> listener) {
    lastWord.ifPresent(listener);
  }

  @Override
  public ConsoleConnection openConsole(Console console) throws VmmException {
    call("console " + console);
    return new FakeConsole();
  }

  @Override
  public void close() {
    calls.add(name() + " close");
  }

  private final class FakeConsole implements ConsoleConnection {
    private final InputStream out =
        new ByteArrayInputStream(shown.getBytes(StandardCharsets.UTF_8));
    private final CountDownLatch left = new CountDownLatch(1);

    @Override
    public int read(byte[] bytes, int offset, int length) {
      try {
        int read = out.readNBytes(bytes, offset, Math.min(length, out.available()));
        if (read > 0) {
          return read;
        }
        if (lastWord.isEmpty()) {
          left.await();
        }
        return -1;
      } catch (IOException | InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      typed.write(bytes, offset, length);
    }

    @Override
    public void resize(int columns, int rows) {
      calls.add(name() + " size " + columns + "x" + rows);
    }

    @Override
    public void close() {
      left.countDown();
    }
  }
}
