package org.vivarium.app.bench;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** A Unix socket, in a folder of its own, that a QEMU connects to with its monitor. */
final class MonitorSocket implements AutoCloseable {
  private static final long LOOK_NANOS = 500_000;

  private final Path folder;
  private final ServerSocketChannel server;

  private MonitorSocket(Path folder, ServerSocketChannel server) {
    this.folder = folder;
    this.server = server;
  }

  static MonitorSocket open() throws BenchException {
    try {
      Path folder = Files.createTempDirectory("vivarium-bench");
      ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      server.bind(UnixDomainSocketAddress.of(folder.resolve("monitor")));
      server.configureBlocking(false);
      return new MonitorSocket(folder, server);
    } catch (IOException e) {
      throw new BenchException("No socket can be made for QEMU's monitor: " + e.getMessage(), e);
    }
  }

  /** What QEMU is told so that it connects. */
  List<String> options() {
    return List.of(
        "-chardev",
        "socket,id=monitor,path=" + folder.resolve("monitor"),
        "-mon",
        "chardev=monitor,mode=control");
  }

  /** Waits until QEMU has connected and greeted. */
  Monitor accept(Child qemu) throws BenchException, InterruptedException {
    try {
      SocketChannel channel = server.accept();
      while (channel == null && qemu.isAlive() && !Thread.interrupted()) {
        LockSupport.parkNanos(LOOK_NANOS);
        channel = server.accept();
      }
      if (channel == null) {
        // It has ended: its own words say why.
        qemu.await("monitor");
        throw new BenchException("QEMU did not connect its monitor." + qemu.lastWords());
      }
      channel.configureBlocking(true);
      return Monitor.open(channel);
    } catch (IOException e) {
      throw new BenchException("QEMU's monitor failed: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() throws BenchException {
    try {
      server.close();
      Files.deleteIfExists(folder.resolve("monitor"));
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      throw new BenchException("The folder %s cannot be removed.".formatted(folder), e);
    }
  }
}
