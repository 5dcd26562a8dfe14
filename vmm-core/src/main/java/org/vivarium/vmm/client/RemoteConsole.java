package org.vivarium.vmm.client;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.store.HostErrors;

/** A view of a console through its socket, which carries bare bytes both ways. */
final class RemoteConsole implements MachineConnection.ConsoleConnection {
  /** Tells the machine how large the view is. */
  @FunctionalInterface
  interface Resizer {
    /** Tells it. */
    void resize(int columns, int rows) throws VmmException;
  }

  private static final LazyLogger LOG = LazyLogger.of(RemoteConsole.class);

  private final SocketChannel channel;
  private final Resizer resizer;

  private RemoteConsole(SocketChannel channel, Resizer resizer) {
    this.channel = channel;
    this.resizer = resizer;
  }

  static RemoteConsole connect(Path socket, Resizer resizer) throws VmmException {
    if (!Files.exists(socket)) {
      throw new VmmException("This machine has no such console.");
    }
    try {
      return new RemoteConsole(SocketChannel.open(UnixDomainSocketAddress.of(socket)), resizer);
    } catch (IOException e) {
      throw HostErrors.refusal("The console %s cannot be opened".formatted(socket), e);
    }
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    try {
      return channel.read(ByteBuffer.wrap(bytes, offset, length));
    } catch (ClosedChannelException _) {
      return -1;
    }
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    ByteBuffer rest = ByteBuffer.wrap(bytes, offset, length);
    while (rest.hasRemaining()) {
      channel.write(rest);
    }
  }

  @Override
  public void resize(int columns, int rows) throws VmmException {
    resizer.resize(columns, rows);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("A console was not closed", e);
    }
  }
}
