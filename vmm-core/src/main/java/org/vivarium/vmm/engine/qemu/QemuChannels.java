package org.vivarium.vmm.engine.qemu;

import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.engine.qemu.QemuLocator.Found;
import org.vivarium.vmm.host.PrivateSockets;

/**
 * A started QEMU and its sockets, all connected.
 *
 * @param monitor speaks QMP
 * @param debug brings what the guest writes to the debug port
 * @param virtioConsole carries hvc0 both ways; null: there is none
 */
record QemuChannels(
    QemuProcess process,
    SocketChannel monitor,
    SocketChannel debug,
    @Nullable SocketChannel virtioConsole) {
  private static final LazyLogger LOG = LazyLogger.of(QemuChannels.class);
  private static final int SECONDS_TO_CONNECT = 60;

  /**
   * Starts QEMU and waits until it has connected to the sockets; their files are gone then.
   *
   * @throws VmmException if QEMU ends instead, with what it said last; nothing is left then
   */
  static QemuChannels start(Found found, MachineConfig config) throws VmmException {
    try (PrivateSockets folder =
        PrivateSockets.in("vivarium-qemu-", PrivateSockets.usualPlaces())) {
      ServerSocketChannel monitor = folder.listen(folder.socket("monitor"));
      ServerSocketChannel debug = folder.listen(folder.socket("debug"));
      Path hvc = config.devices().console() ? folder.socket("hvc") : null;
      ServerSocketChannel console = hvc == null ? null : folder.listen(hvc);
      List<String> arguments =
          QemuCommandLine.of(
              config,
              found.sandbox(),
              new QemuCommandLine.Sockets(folder.socket("monitor"), folder.socket("debug"), hvc));
      QemuProcess process = QemuProcess.start(config.name(), found, arguments);
      CompletableFuture<Integer> guard =
          process.exited().orTimeout(SECONDS_TO_CONNECT, TimeUnit.SECONDS);
      // Closing the listeners is what wakes an accept that would wait for ever.
      guard.whenComplete((_, _) -> folder.stopListening());
      try {
        return new QemuChannels(
            process, monitor.accept(), debug.accept(), console == null ? null : console.accept());
      } catch (IOException e) {
        process.kill();
        process.exited().join();
        throw new VmmException("QEMU did not start: %s".formatted(process.lastWords()), e);
      } finally {
        guard.complete(0);
      }
    }
  }

  /** Closes the sockets. */
  void close() {
    try {
      monitor.close();
      debug.close();
      if (virtioConsole != null) {
        virtioConsole.close();
      }
    } catch (IOException e) {
      LOG.debug("A socket could not be closed", e);
    }
  }
}
