package org.vivarium.devices.virtio.net;

import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A passt that {@link PasstBroker} started: what it says and how it ends comes through a pipe. It
 * ends when the connection to it does; it cannot be killed from here. Any thread.
 */
final class BrokeredPasst extends Process {
  private static final Pattern END = Pattern.compile("(?m)^ended ([0-9]{1,3})\\n");
  private static final int TAIL = 4096;

  private final RandomAccessFile pipe;
  private final FileInputStream in;
  private final StringBuilder said = new StringBuilder();
  private @Nullable Integer status;

  /**
   * @param pipe the card's, which stays open for writing here too, so that reading never meets an
   *     end before passt has begun
   */
  BrokeredPasst(Path pipe) throws IOException {
    this.pipe = new RandomAccessFile(pipe.toFile(), "rw");
    this.in = new FileInputStream(this.pipe.getFD());
  }

  /** Reads what there is, at least something if asked to wait, and looks for the end. */
  private synchronized @Nullable Integer look(boolean wait) {
    byte[] bytes = new byte[TAIL];
    try {
      while (status == null && (wait || in.available() > 0)) {
        int length = in.read(bytes);
        said.append(new String(bytes, 0, length, StandardCharsets.ISO_8859_1));
        said.delete(0, Math.max(0, said.length() - 2 * TAIL));
        Matcher end = END.matcher(said);
        if (end.find()) {
          status = Integer.valueOf(end.group(1));
          said.setLength(end.start());
          pipe.close();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return status;
  }

  @Override
  public int waitFor() {
    Integer ended = null;
    while (ended == null) {
      ended = look(true);
    }
    return ended;
  }

  @Override
  public int exitValue() {
    Integer ended = look(false);
    if (ended == null) {
      throw new IllegalThreadStateException("Passt runs");
    }
    return ended;
  }

  /** What it said before it ended; blocks until then. */
  @Override
  public synchronized InputStream getErrorStream() {
    waitFor();
    return new ByteArrayInputStream(said.toString().getBytes(StandardCharsets.ISO_8859_1));
  }

  @Override
  public OutputStream getOutputStream() {
    return OutputStream.nullOutputStream();
  }

  @Override
  public InputStream getInputStream() {
    return InputStream.nullInputStream();
  }

  /** Does nothing: closing the connection ends passt. */
  @Override
  public void destroy() {
    // The broker's children are no children of this process.
  }
}
