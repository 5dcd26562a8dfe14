package org.vivarium.images.oci;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Takes the console of a {@link GuestProcess} apart: what the process prints, and its exit status,
 * which the guest tells last. A process that prints such a line itself only has its output held
 * back until more follows. Belongs to one thread at a time.
 */
public final class GuestOutput {
  /** Receives what the process prints. */
  @FunctionalInterface
  public interface Sink {
    /** Takes bytes; the array is reused after the call returns. */
    void write(byte[] bytes, int offset, int length);
  }

  /** What the kernel may say after the status, when it powers off. */
  private static final int MOST_AFTER = 4096;

  private static final byte FIRST = (byte) GuestProcess.EXIT_MARK.charAt(0);
  private static final Pattern STATUS =
      Pattern.compile(
          Pattern.quote(GuestProcess.EXIT_MARK) + "([0-9]{1,3})(?: ([0-9a-f-]{36}))?\r?\n.*",
          Pattern.DOTALL);

  /** What begins like the rest of a status. */
  private static final Pattern BEGUN =
      Pattern.compile(
          "[0-9]{1,3}( [0-9a-f-]{0,36}|(?: [0-9a-f-]{36})?(\r?|\r?\n.*))", Pattern.DOTALL);

  private final Sink sink;
  private final ByteArrayOutputStream held = new ByteArrayOutputStream();

  /**
   * @param sink hears what the process prints, on the thread that calls {@link #write}
   */
  public GuestOutput(Sink sink) {
    this.sink = sink;
  }

  /** Takes what came from the console. */
  public void write(byte[] bytes, int offset, int length) {
    int done = offset;
    int end = offset + length;
    for (int i = offset; i < end; i++) {
      if (bytes[i] == FIRST) {
        pass(bytes, done, i);
        done = i;
      } else if (held.size() + i - done >= MOST_AFTER) {
        pass(bytes, done, i);
        done = i;
      }
    }
    if (held.size() > 0 || (done < end && bytes[done] == FIRST)) {
      held.write(bytes, done, end - done);
      if (!mayBeStatus()) {
        release();
      }
    } else if (done < end) {
      sink.write(bytes, done, end - done);
    }
  }

  /**
   * Tells the exit status, when the machine has ended; what is not part of it goes to the sink.
   *
   * @return 0 to 255, or nothing if the guest ended without telling
   */
  public OptionalInt end() {
    Matcher status = STATUS.matcher(text());
    if (status.matches()) {
      held.reset();
      return OptionalInt.of(Integer.parseInt(status.group(1)));
    }
    release();
    return OptionalInt.empty();
  }

  /**
   * What a guest that has told its status waits for before it ends: a line of its own making, which
   * tells it that the host has all of the output.
   */
  public Optional<String> confirmation() {
    if (held.size() == 0) {
      return Optional.empty();
    }
    Matcher status = STATUS.matcher(text());
    return status.matches()
        ? Optional.ofNullable(status.group(2)).map(token -> token + "\n")
        : Optional.empty();
  }

  /** Releases what is held, and what stands before the place. */
  private void pass(byte[] bytes, int from, int to) {
    release();
    if (to > from) {
      sink.write(bytes, from, to - from);
    }
  }

  private void release() {
    if (held.size() > 0) {
      byte[] bytes = held.toByteArray();
      held.reset();
      sink.write(bytes, 0, bytes.length);
    }
  }

  private boolean mayBeStatus() {
    String text = text();
    String mark = GuestProcess.EXIT_MARK;
    return text.length() <= mark.length()
        ? mark.startsWith(text)
        : text.startsWith(mark) && BEGUN.matcher(text.substring(mark.length())).matches();
  }

  private String text() {
    return held.toString(StandardCharsets.ISO_8859_1);
  }
}
