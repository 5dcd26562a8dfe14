package org.vivarium.app.desktop.page;

import com.techsenger.jeditermfx.core.TtyConnector;
import com.techsenger.jeditermfx.core.util.TermSize;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vivarium.app.desktop.base.FxThread;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection.ConsoleConnection;

/**
 * A machine's console as the terminal wants it. One thread reads it, the terminal takes what was
 * read on another; see {@link ConsoleBacklog} for what comes faster than the terminal takes it.
 */
final class ConsoleConnector implements TtyConnector {
  private static final Logger LOG = LoggerFactory.getLogger(ConsoleConnector.class);

  private static final int PIECE = 8192;

  /**
   * How long the terminal takes what is there before it rests as long, or until the JavaFX thread
   * has had a turn. While it takes, it holds the lock on its text nearly always, and the JavaFX
   * thread, which draws that, would wait for it through a burst.
   */
  private static final long SHIFT_NANOS = 4_000_000;

  /** How long it rests at most. */
  private static final long REST_MILLIS = 100;

  private final ConsoleConnection console;
  private final String name;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private final byte[] bytes = new byte[PIECE];
  private final ConsoleBacklog backlog;

  /** What was read and could not be decoded yet: at most the beginning of one character. */
  private int kept;

  /** When the terminal began to take without a pause; 0 when it waits. */
  private long busySince;

  /**
   * Begins to read.
   *
   * @param mostLines how many lines the terminal keeps
   */
  ConsoleConnector(ConsoleConnection console, String name, int mostLines) {
    this.console = console;
    this.name = name;
    this.backlog = new ConsoleBacklog(mostLines);
    Thread.ofVirtual().name("console-" + name).start(this::fill);
  }

  private void fill() {
    byte[] piece = new byte[PIECE];
    try {
      for (int count; (count = console.read(piece, 0, piece.length)) >= 0; ) {
        backlog.add(piece, count);
      }
    } catch (IOException e) {
      // Who closes the console while it is read has the reading end.
      LOG.debug("The console of {} is read no more", name, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      backlog.end();
    }
  }

  @Override
  public int read(char[] chars, int offset, int length) throws IOException {
    CharBuffer to = CharBuffer.wrap(chars, offset, length);
    while (to.position() == 0) {
      int room = Math.min(bytes.length - kept, Math.max(1, length));
      int count = take(room);
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

  private void rest() throws InterruptedException {
    long now = System.nanoTime();
    if (!backlog.isReady()) {
      busySince = 0;
    } else if (busySince == 0) {
      busySince = now;
    } else if (now - busySince > SHIFT_NANOS) {
      CountDownLatch turn = new CountDownLatch(1);
      FxThread.run(turn::countDown);
      Thread.sleep(Duration.ofNanos(SHIFT_NANOS));
      if (!turn.await(REST_MILLIS, TimeUnit.MILLISECONDS)) {
        LOG.debug("The window has not drawn the console of {} for long", name);
      }
      busySince = System.nanoTime();
    }
  }

  private int take(int room) throws IOException {
    try {
      rest();
      return backlog.take(bytes, kept, room);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("The terminal is closed.");
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

  @Override
  public boolean ready() {
    return backlog.isReady();
  }

  @Override
  public String getName() {
    return name;
  }

  @Override
  public void close() {
    ended.countDown();
    backlog.end();
    console.close();
  }
}
