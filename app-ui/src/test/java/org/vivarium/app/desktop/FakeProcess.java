package org.vivarium.app.desktop;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineStatus;
import org.vivarium.vmm.client.MetricSample;
import org.vivarium.vmm.client.Notification;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.engine.BootStage;
import org.vivarium.vmm.engine.MachineState;

/** The process of a fake machine: a shell that echoes, and what a test has it tell. */
final class FakeProcess {
  private static final byte[] END = {};
  private static final String PROMPT = "\u001b[32m~ #\u001b[0m ";

  private final FakeMachines machines;
  private final VmDefinition definition;
  private final long started = System.currentTimeMillis();
  private final List<Consumer<Notification>> listeners = new CopyOnWriteArrayList<>();
  private final List<LinkedBlockingQueue<byte[]>> consoles = new CopyOnWriteArrayList<>();
  private final StringBuilder scrollback = new StringBuilder();
  private final StringBuilder line = new StringBuilder();
  private final List<MetricSample> samples = new ArrayList<>();
  private final List<String> calls = new CopyOnWriteArrayList<>();
  private volatile MachineState state = MachineState.RUNNING;
  private volatile String engine = "qemu";
  private volatile Notification.Disconnected ending = new Notification.Disconnected("", true);

  FakeProcess(FakeMachines machines, VmDefinition definition) {
    this.machines = machines;
    this.definition = definition;
    print("Linux version 6.1.0-56-cloud-amd64\r\nWelcome to Tiny Linux.\r\n" + PROMPT);
  }

  MachineState state() {
    return state;
  }

  String engine() {
    return engine;
  }

  void setEngine(String name) {
    engine = name;
  }

  /** What was asked of it, in order. */
  List<String> calls() {
    return calls;
  }

  /** Prints on the console. */
  synchronized void print(String text) {
    scrollback.append(text);
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    consoles.forEach(console -> console.add(bytes));
  }

  /** Tells all clients something. */
  void tell(Notification what) {
    listeners.forEach(listener -> listener.accept(what));
  }

  /** Takes a sample as of now, and tells it. */
  void sample(MetricSample sample) {
    synchronized (this) {
      samples.add(sample);
    }
    tell(new Notification.Sampled(sample));
  }

  /** Ends. */
  void end(String why, boolean asked) {
    ending = new Notification.Disconnected(why, asked);
    state = asked ? MachineState.STOPPED : MachineState.FAILED;
    consoles.forEach(console -> console.add(END));
    machines.ended(definition.name(), why, asked);
    tell(ending);
  }

  private void become(MachineState next) {
    state = next;
    tell(new Notification.StateChanged(next));
    machines.tell();
  }

  private synchronized void type(String typed) {
    for (char c : typed.toCharArray()) {
      if (c == '\r') {
        String command = line.toString();
        line.setLength(0);
        String output = command.startsWith("echo ") ? command.substring(5) + "\r\n" : "";
        print("\r\n" + output + PROMPT);
      } else {
        line.append(c);
        print(String.valueOf(c));
      }
    }
  }

  MachineConnection connect() {
    return new Connection();
  }

  private final class Connection implements MachineConnection {
    @Override
    public String name() {
      return definition.name();
    }

    @Override
    public MachineStatus status() {
      Map<BootStage, Long> stages = new EnumMap<>(BootStage.class);
      stages.put(BootStage.MACHINE_BUILT, 213_000_000L);
      stages.put(BootStage.FIRST_INSTRUCTION, 231_000_000L);
      stages.put(BootStage.USER_SPACE, 1_072_000_000L);
      stages.put(BootStage.PROMPT, 1_194_000_000L);
      return new MachineStatus(
          state,
          engine,
          engine.equals("kvm")
              ? "Engine: kvm (hardware virtualization), because /dev/kvm runs guests here."
              : "Engine: qemu (software emulation), because this CPU offers no hardware"
                  + " virtualization (no svm or vmx flag in /proc/cpuinfo).",
          4711,
          started - 761_000,
          stages,
          Optional.of("Landlock (version 7) and a filter of system calls"),
          Optional.of("10.0.2.15"),
          Optional.empty());
    }

    @Override
    public void pressPowerButton() {
      calls.add("power");
      end("The guest turned itself off.", true);
    }

    @Override
    public boolean shutDown(Duration patience) {
      pressPowerButton();
      return true;
    }

    @Override
    public void kill() {
      calls.add("kill");
      end("The machine was turned off.", true);
    }

    @Override
    public void pause() {
      become(MachineState.PAUSED);
    }

    @Override
    public void resume() {
      become(MachineState.RUNNING);
    }

    @Override
    public void reset() {
      calls.add("reset");
    }

    @Override
    public void attachDisk(DiskConfig disk) {
      calls.add("attach " + disk.file().getFileName());
    }

    @Override
    public void detachDisk(String id) {
      calls.add("detach " + id);
    }

    @Override
    public void resizeDisk(String id, long bytes) {
      calls.add("resize " + id + " " + bytes);
    }

    @Override
    public void setLink(String id, boolean up) {
      calls.add("link " + id + " " + up);
    }

    @Override
    public void setForwards(String id, List<PortForward> forwards) {
      calls.add("forwards " + id + " " + forwards.size());
    }

    @Override
    public void setLimit(String id, RateLimit limit) throws VmmException {
      throw new VmmException("A fake machine has no limits.");
    }

    @Override
    public void setBalloonTarget(long bytes) throws VmmException {
      throw new VmmException("A fake machine has no balloon.");
    }

    @Override
    public List<MetricSample> samples(long afterMillis) {
      synchronized (FakeProcess.this) {
        return samples.stream().filter(sample -> sample.millis() > afterMillis).toList();
      }
    }

    @Override
    public void subscribe(Consumer<Notification> listener) {
      listeners.add(listener);
      if (state.isEnd()) {
        listener.accept(ending);
      }
    }

    @Override
    public ConsoleConnection openConsole(Console which) {
      LinkedBlockingQueue<byte[]> queue = new LinkedBlockingQueue<>();
      synchronized (FakeProcess.this) {
        queue.add(scrollback.toString().getBytes(StandardCharsets.UTF_8));
        consoles.add(queue);
      }
      return new FakeConsole(queue);
    }

    @Override
    public void close() {
      // Another connection may follow.
    }
  }

  private final class FakeConsole implements MachineConnection.ConsoleConnection {
    private final LinkedBlockingQueue<byte[]> queue;
    private byte[] current = {};
    private int read;

    FakeConsole(LinkedBlockingQueue<byte[]> queue) {
      this.queue = queue;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      try {
        while (read == current.length) {
          current = queue.take();
          read = 0;
          if (current.length == 0) {
            return -1;
          }
        }
      } catch (InterruptedException e) {
        throw new IOException("The reading was interrupted.", e);
      }
      int count = Math.min(length, current.length - read);
      System.arraycopy(current, read, bytes, offset, count);
      read += count;
      return count;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      type(new String(bytes, offset, length, StandardCharsets.UTF_8));
    }

    @Override
    public void resize(int columns, int rows) {
      calls.add("size " + columns + "x" + rows);
    }

    @Override
    public void close() {
      queue.add(END);
    }
  }
}
