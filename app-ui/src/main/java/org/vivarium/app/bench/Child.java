package org.vivarium.app.bench;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.vivarium.vmm.engine.BootStage;

/**
 * A process under measurement. Its standard output, the guest's console, is read and dropped; what
 * it says on standard error is noted with the instant at which it arrived.
 */
final class Child implements AutoCloseable {
  /** The guest's report that its init runs, as the debug port's device passes it on. */
  static final String USER_SPACE = Character.toString(BootStage.USER_SPACE_CODE);

  /** The guest's report that it is about to show a prompt. */
  static final String PROMPT = Character.toString(BootStage.PROMPT_CODE);

  /**
   * Something that a process said.
   *
   * @param text a line without its end, or a byte of the debug port
   * @param nanoTime when its last byte arrived, as {@link System#nanoTime()} tells it
   */
  record Word(String text, long nanoTime) {}

  /** Longest line that is kept, bytes. */
  private static final int LONGEST = 1 << 16;

  private static final Word END = new Word("", Long.MIN_VALUE);

  private final Process process;
  private final long started;
  private final BlockingQueue<Word> words = new LinkedBlockingQueue<>();
  private final StringBuilder said = new StringBuilder();

  /**
   * @param process just started
   * @param started when, right before it was
   */
  Child(Process process, long started) {
    this.process = process;
    this.started = started;
    Thread.ofPlatform().name("bench console").daemon().start(this::dropConsole);
    Thread.ofPlatform().name("bench words").daemon().start(this::readWords);
  }

  /** When it was started, as {@link System#nanoTime()} tells it. */
  long started() {
    return started;
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /**
   * Waits for a word that begins with some text.
   *
   * @throws BenchException if the process ends first, or says nothing for too long
   */
  Word await(String start) throws BenchException, InterruptedException {
    while (true) {
      Word next = words.poll(Children.PATIENCE.toSeconds(), TimeUnit.SECONDS);
      if (next == null) {
        throw new BenchException(
            "The guest said nothing for %d s.%s"
                .formatted(Children.PATIENCE.toSeconds(), lastWords()));
      }
      if (next.equals(END)) {
        throw new BenchException("The process ended before its guest was up." + lastWords());
      }
      if (next.text.startsWith(start)) {
        return next;
      }
      said.append(next.text).append('\n');
    }
  }

  /** What it has said before the words that were waited for. */
  String lastWords() {
    return said.isEmpty() ? "" : " It said: " + said.toString().strip();
  }

  private void dropConsole() {
    byte[] buffer = new byte[1 << 14];
    try (InputStream in = process.getInputStream()) {
      int n = 0;
      while (n >= 0) {
        n = in.read(buffer);
      }
    } catch (IOException e) {
      // The process has ended and its pipe with it.
      return;
    }
  }

  private void readWords() {
    byte[] buffer = new byte[1 << 12];
    StringBuilder line = new StringBuilder();
    try (InputStream in = process.getErrorStream()) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        long now = System.nanoTime();
        for (int i = 0; i < n; i++) {
          take((char) (buffer[i] & 0xFF), line, now);
        }
      }
    } catch (IOException e) {
      words.add(END);
      return;
    }
    words.add(END);
  }

  /** A byte of the debug port stands at the beginning of a line and has no line's end. */
  private void take(char c, StringBuilder line, long now) {
    boolean stage = c == BootStage.USER_SPACE_CODE || c == BootStage.PROMPT_CODE;
    if (line.isEmpty() && stage) {
      words.add(new Word(Character.toString(c), now));
    } else if (c == '\n') {
      words.add(new Word(line.toString(), now));
      line.setLength(0);
    } else if (line.length() < LONGEST) {
      line.append(c);
    }
  }

  /** Ends the process at once and waits until it is gone. */
  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
