package org.vivarium.vmm.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.codec.DeviceCodec;
import org.vivarium.vmm.codec.Json;
import org.vivarium.vmm.codec.JsonFields;
import org.vivarium.vmm.codec.Rpc;
import org.vivarium.vmm.codec.SampleCodec;
import org.vivarium.vmm.codec.StatusCodec;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.store.AttachedDisks;
import org.vivarium.vmm.store.ProcessRecord;
import org.vivarium.vmm.store.SocketFolder;
import org.vivarium.vmm.store.VmFolder;
import org.vivarium.vmm.store.VmLock;

/** A connection through the control socket of a machine's process. */
final class RemoteMachine implements MachineConnection {
  /** After that a process that was told to end its machine is ended itself. */
  private static final Duration OBEYING = Duration.ofSeconds(5);

  /** A process that has died gives up its lock a moment after its sockets. */
  private static final Duration GOING = Duration.ofSeconds(1);

  private static final LazyLogger LOG = LazyLogger.of(RemoteMachine.class);

  private final VmFolder folder;
  private final ProcessRecord process;
  private final SocketFolder sockets;
  private final RpcClient rpc;

  private RemoteMachine(
      VmFolder folder, ProcessRecord process, SocketFolder sockets, RpcClient rpc) {
    this.folder = folder;
    this.process = process;
    this.sockets = sockets;
    this.rpc = rpc;
  }

  /**
   * Attaches.
   *
   * @param process what the process says of itself
   * @throws VmmException if it does not answer
   */
  static RemoteMachine connect(VmFolder folder, ProcessRecord process) throws VmmException {
    SocketFolder sockets = new SocketFolder(process.sockets());
    RpcClient rpc =
        RpcClient.connect(
            folder.name(), sockets.control(), () -> whyDisconnected(folder, process.pid()));
    return new RemoteMachine(folder, process, sockets, rpc);
  }

  private static String whyDisconnected(VmFolder folder, long pid) {
    try {
      if (awaitUnlocked(folder, GOING)) {
        return MachineList.died(folder, pid);
      }
    } catch (VmmException e) {
      LOG.debug("Whether {} has gone is unknown", folder.name(), e);
    }
    return "The process of the machine %s has closed this connection.".formatted(folder.name());
  }

  /**
   * Waits until no process holds a machine's lock.
   *
   * @return whether that came about in time
   */
  static boolean awaitUnlocked(VmFolder folder, Duration patience) throws VmmException {
    long end = System.nanoTime() + patience.toNanos();
    while (VmLock.isHeld(folder)) {
      if (System.nanoTime() - end > 0) {
        return false;
      }
      try {
        TimeUnit.MILLISECONDS.sleep(5);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new VmmException("Waiting for the machine's process was interrupted.", e);
      }
    }
    return true;
  }

  @Override
  public String name() {
    return folder.name();
  }

  @Override
  public MachineStatus status() throws VmmException {
    return StatusCodec.status(rpc.call(Rpc.STATUS, Json.object()));
  }

  @Override
  public void pressPowerButton() throws VmmException {
    rpc.call(Rpc.POWER_BUTTON, Json.object());
  }

  @Override
  public boolean shutDown(Duration patience) throws VmmException, InterruptedException {
    long millis = Math.clamp(patience.toMillis(), 0, Duration.ofDays(1).toMillis());
    rpc.call(Rpc.SHUT_DOWN, Json.object().put("patienceMillis", millis));
    boolean ended = rpc.awaitEnd(Duration.ofMillis(millis).plus(OBEYING));
    awaitGone();
    return ended && rpc.guestPoweredOff();
  }

  @Override
  public void kill() throws VmmException {
    try {
      rpc.call(Rpc.KILL, Json.object(), OBEYING);
    } catch (RpcClient.Unanswered _) {
      LOG.debug("{} has gone, or it hangs and is ended now", name());
    }
    awaitGone();
  }

  private void awaitGone() throws VmmException {
    if (awaitUnlocked(folder, OBEYING)) {
      return;
    }
    ProcessHandle.of(process.pid()).ifPresent(ProcessHandle::destroyForcibly);
    if (!awaitUnlocked(folder, OBEYING)) {
      throw new VmmException(
          "The process %d of the machine %s does not end, not even when killed."
              .formatted(process.pid(), name()));
    }
  }

  @Override
  public void pause() throws VmmException {
    rpc.call(Rpc.PAUSE, Json.object());
  }

  @Override
  public void resume() throws VmmException {
    rpc.call(Rpc.RESUME, Json.object());
  }

  @Override
  public void reset() throws VmmException {
    rpc.call(Rpc.RESET, Json.object());
  }

  @Override
  public void attachDisk(DiskConfig disk) throws VmmException {
    ObjectNode params = Json.object();
    DiskConfig within = process.confined() ? AttachedDisks.link(folder, disk) : disk;
    params.set("disk", DeviceCodec.write(within));
    rpc.call(Rpc.ATTACH_DISK, params);
  }

  @Override
  public void detachDisk(String id) throws VmmException {
    rpc.call(Rpc.DETACH_DISK, Json.object().put("id", id));
  }

  @Override
  public void resizeDisk(String id, long bytes) throws VmmException {
    rpc.call(Rpc.RESIZE_DISK, Json.object().put("id", id).put("bytes", bytes));
  }

  @Override
  public void setLink(String id, boolean up) throws VmmException {
    rpc.call(Rpc.SET_LINK, Json.object().put("id", id).put("up", up));
  }

  @Override
  public void setForwards(String id, List<PortForward> forwards) throws VmmException {
    ObjectNode params = Json.object().put("id", id);
    params.set("forwards", DeviceCodec.write(forwards));
    rpc.call(Rpc.SET_FORWARDS, params);
  }

  @Override
  public void setLimit(String id, RateLimit limit) throws VmmException {
    ObjectNode params = Json.object().put("id", id);
    params.set("limit", DeviceCodec.write(limit));
    rpc.call(Rpc.SET_LIMIT, params);
  }

  @Override
  public void setBalloonTarget(long bytes) throws VmmException {
    rpc.call(Rpc.SET_BALLOON, Json.object().put("bytes", bytes));
  }

  @Override
  public List<MetricSample> samples(long afterMillis) throws VmmException {
    List<MetricSample> samples = new ArrayList<>();
    long after = afterMillis;
    List<MetricSample> page;
    do {
      JsonNode answer = rpc.call(Rpc.SAMPLES, Json.object().put("afterMillis", after));
      page = JsonFields.of(answer, "").list("samples", Rpc.MAX_SAMPLES, SampleCodec::read);
      samples.addAll(page);
      after = page.isEmpty() ? after : page.getLast().millis();
    } while (page.size() == Rpc.MAX_SAMPLES);
    return samples;
  }

  @Override
  public void subscribe(Consumer<Notification> listener) throws VmmException {
    rpc.subscribe(listener);
    rpc.call(Rpc.SUBSCRIBE, Json.object());
  }

  @Override
  public ConsoleConnection openConsole(Console console) throws VmmException {
    return switch (console) {
      case SERIAL ->
          // A serial port does not know the size of what shows it.
          RemoteConsole.connect(sockets.serial(), (_, _) -> {});
      case VIRTIO -> RemoteConsole.connect(sockets.virtio(), this::resizeConsole);
    };
  }

  private void resizeConsole(int columns, int rows) throws VmmException {
    rpc.call(Rpc.RESIZE_CONSOLE, Json.object().put("columns", columns).put("rows", rows));
  }

  @Override
  public void close() {
    rpc.close();
  }
}
