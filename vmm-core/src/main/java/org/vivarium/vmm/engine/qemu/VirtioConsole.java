package org.vivarium.vmm.engine.qemu;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.engine.ConsoleOutput;

/**
 * The guest's hvc0, carried both ways over a socket to QEMU by two threads that end with the
 * socket.
 */
final class VirtioConsole {
  private static final LazyLogger LOG = LazyLogger.of(VirtioConsole.class);

  private final String name;
  private final SocketChannel channel;
  private final ConsoleOutput output;
  private final ConsoleInput input;
  private final Thread reader;

  VirtioConsole(String name, SocketChannel channel, ConsoleOutput output) {
    this.name = name;
    this.channel = channel;
    this.output = output;
    this.input = new ConsoleInput(Channels.newOutputStream(channel));
    this.reader = Thread.ofPlatform().name(name + " hvc0").daemon().unstarted(this::read);
  }

  void start() {
    reader.start();
    Thread.ofPlatform().name(name + " hvc0 input").daemon().start(input);
  }

  /** Takes as many of the bytes as there is room for; never waits. */
  int input(byte[] bytes, int offset, int length) {
    return input.offer(bytes, offset, length);
  }

  /** Waits until all output has been carried, which QEMU's end brings about; says if it has. */
  boolean join(Duration patience) throws InterruptedException {
    return reader.join(patience);
  }

  /** Takes no more input; the rest ends with the socket. */
  void close() {
    input.close();
  }

  private void read() {
    byte[] bytes = new byte[64 << 10];
    ByteBuffer chunk = ByteBuffer.wrap(bytes);
    try {
      for (int n = channel.read(chunk); n >= 0; n = channel.read(chunk.clear())) {
        output.write(bytes, 0, n);
      }
    } catch (IOException e) {
      LOG.debug("{}: hvc0 ended early", name, e);
    }
  }
}
