package org.vivarium.app.desktop.page;

import com.techsenger.jeditermfx.core.TtyConnector;
import com.techsenger.jeditermfx.core.util.TermSize;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection.ConsoleConnection;

/**
 * A machine's console as the terminal wants it. The terminal reads on a thread of its own and takes
 * no more than it can show, so that a guest that prints without end is slowed, not the window.
 */
final class ConsoleConnector implements TtyConnector {
  private static final Logger LOG = LoggerFactory.getLogger(ConsoleConnector.class);

  private final ConsoleConnection console;
  private final String name;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private final byte[] bytes = new byte[8192];

  /** What was read and could not be decoded yet: at most the beginning of one character. */
  private int kept;

  ConsoleConnector(ConsoleConnection console, String name) {
    this.console = console;
    this.name = name;
  }

  @Override
  public int read(char[] chars, int offset, int length) throws IOException {
    CharBuffer to = CharBuffer.wrap(chars, offset, length);
    while (to.position() == 0) {
      int room = Math.min(bytes.length - kept, Math.max(1, length));
      int count = readBytes(room);
      if (count < 0) {
        ended.countDown();
        return -1;
      }
      ByteBuffer from = ByteBuffer.wrap(bytes, 0, kept + count);
      decoder.decode(from, to, false);
      kept = from.remaining();
      from.compact();
    }
    return to.position();
  }

  /** Who closes the console while it is read has the reading end, not fail. */
  private int readBytes(int room) throws IOException {
    try {
      return console.read(bytes, kept, room);
    } catch (IOException e) {
      if (isConnected()) {
        throw e;
      }
      return -1;
    }
  }

  @Override
  public void write(byte[] typed) throws IOException {
    console.write(typed, 0, typed.length);
  }

  @Override
  public void write(String typed) throws IOException {
    write(typed.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void resize(TermSize size) {
    try {
      console.resize(size.getColumns(), size.getRows());
    } catch (VmmException e) {
      LOG.debug("{} does not learn the size of its terminal", name, e);
    }
  }

  @Override
  public boolean isConnected() {
    return ended.getCount() > 0;
  }

  @Override
  public int waitFor() throws InterruptedException {
    ended.await();
    return 0;
  }

  /** Whether more can be read at once is not known; the terminal then draws after each read. */
  @Override
  public boolean ready() {
    return false;
  }

  @Override
  public String getName() {
    return name;
  }

  @Override
  public void close() {
    ended.countDown();
    console.close();
  }
}
