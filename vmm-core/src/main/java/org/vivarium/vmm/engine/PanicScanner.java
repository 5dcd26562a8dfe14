package org.vivarium.vmm.engine;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/**
 * Finds a Linux kernel's panic in what it prints on its console.
 *
 * <p>A kernel says {@code Kernel panic - not syncing: WHY}, then a trace, and as its very last line
 * {@code ---[ end Kernel panic - not syncing: WHY ]---} or {@code Rebooting in N seconds..}
 * (kernel/panic.c). The first line alone proves nothing, for a person may look at an old log; a
 * panic is only likely while nothing has followed the last line, which {@link #isLastWord} tells.
 * An engine takes it for certain when that stays so for {@link #SILENCE}, or when the guest resets
 * and {@link #explainsReset}.
 *
 * <p>Keeps at most {@value #MAX_LINE} bytes of one line, whatever the guest prints. Any thread may
 * call any method; output is scanned in the order of the calls, cut anywhere.
 */
public final class PanicScanner {
  /** How long a guest says nothing after a panic's last line before that is taken for certain. */
  public static final Duration SILENCE = Duration.ofSeconds(1);

  private static final String MARKER = "Kernel panic - not syncing: ";
  private static final String END = "---[ end " + MARKER;
  private static final String REBOOTING = "Rebooting in ";

  /** Bytes of a line that are looked at; what is beyond them is skipped up to the line's end. */
  static final int MAX_LINE = 512;

  /** Bytes after the marker in which the end must come: a trace of every processor is shorter. */
  static final int MAX_TRACE = 64 << 10;

  private final byte[] line;
  private int lineLength;
  private String reason = "";
  private boolean suspected;
  private boolean lastWord;
  private boolean answered;
  private int sinceMarker;

  /** Knows of no panic yet. */
  public PanicScanner() {
    line = new byte[MAX_LINE];
  }

  /** Looks at the next bytes that the guest printed. */
  public synchronized void scan(byte[] bytes, int offset, int length) {
    for (int i = offset; i < offset + length; i++) {
      byte b = bytes[i];
      if (suspected && ++sinceMarker > MAX_TRACE) {
        forget();
      }
      if (b == '\n') {
        endOfLine();
        lineLength = 0;
      } else if (b != '\r') {
        if (lastWord) {
          forget();
        }
        if (lineLength < MAX_LINE) {
          line[lineLength++] = b;
        }
      }
    }
  }

  private void endOfLine() {
    if (lineLength < REBOOTING.length()) {
      return;
    }
    String text = new String(line, 0, lineLength, StandardCharsets.ISO_8859_1);
    int end = text.indexOf(END);
    if (end >= 0) {
      lastWord = suspected;
      return;
    }
    if (suspected && text.contains(REBOOTING)) {
      lastWord = true;
      return;
    }
    int marker = text.indexOf(MARKER);
    if (marker >= 0) {
      suspected = true;
      answered = false;
      sinceMarker = 0;
      reason = printable(text.substring(marker + MARKER.length()));
    }
  }

  /** The guest chose these bytes, and they end up in a sentence on somebody's terminal. */
  private static String printable(String text) {
    StringBuilder kept = new StringBuilder(text.length());
    text.chars().map(c -> c >= ' ' && c < 0x7F ? c : '?').forEach(c -> kept.append((char) c));
    return kept.toString().strip();
  }

  /** Whether the last thing printed is the line after which a panicked kernel is silent. */
  public synchronized boolean isLastWord() {
    return lastWord;
  }

  /** Why the kernel panicked, if its panic line has been printed and nothing has disproved it. */
  public synchronized Optional<String> reason() {
    return suspected ? Optional.of(reason) : Optional.empty();
  }

  /**
   * Whether a reset that comes now is the panic's own doing (kernel parameter {@code panic=}), and
   * not that of a person who looked at an old log and then restarted the guest.
   */
  public synchronized boolean explainsReset() {
    return lastWord || (suspected && !answered);
  }

  /** Notes that somebody typed: what the guest does from now on may be an answer to that. */
  public synchronized void noteInput() {
    answered = true;
  }

  /** Drops what was seen; called when the machine has restarted. */
  public synchronized void forget() {
    suspected = false;
    lastWord = false;
    answered = false;
    reason = "";
    sinceMarker = 0;
  }
}
