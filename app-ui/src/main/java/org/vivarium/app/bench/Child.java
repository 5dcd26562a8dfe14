package org.vivarium.app.bench;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.vivarium.vmm.engine.BootStage;

/**
 * A process under measurement. Its standard output, the guest's console, is read and given to who
 * wants it; what it says on standard error is noted with the instant at which it arrived.
 */
public final class Child implements AutoCloseable {
  /** Hears a process's standard output. */
  @FunctionalInterface
  public interface Console {
    /**
     * Called on a thread of the process's own; the array is reused after the call returns.
     *
     * @param nanoTime when the bytes arrived, as {@link System#nanoTime()} tells it
     */
    void took(byte[] bytes, int length, long nanoTime);
  }

  /**
   * The end of a process.
   *
   * @param nanoTime when it was seen
   */
  public record End(int status, long nanoTime) {}

  /** The guest's report that its init runs, as the debug port's device passes it on. */
  public static final String USER_SPACE = Character.toString(BootStage.USER_SPACE_CODE);

  /** The guest's report that it is about to show a prompt. */
  public static final String PROMPT = Character.toString(BootStage.PROMPT_CODE);

  /**
   * Something that a process said.
   *
   * @param text a line without its end, or a byte of the debug port
   * @param nanoTime when its last byte arrived, as {@link System#nanoTime()} tells it
   */
  public record Word(String text, long nanoTime) {}

  /** Longest line that is kept, bytes. */
  private static final int LONGEST = 1 << 16;

  private static final Word END = new Word("", Long.MIN_VALUE);

  private final Process process;
  private final long started;
  private final Console console;
  private final Thread consoleReader;
  private final BlockingQueue<Word> words = new LinkedBlockingQueue<>();
  private final StringBuilder said = new StringBuilder();

  /**
   * @param process just started
   * @param started when, right before it was
   */
  Child(Process process, long started, Console console) {
    this.process = process;
    this.started = started;
    this.console = console;
    this.consoleReader =
        Thread.ofPlatform().name("bench console").daemon().start(this::readConsole);
    Thread.ofPlatform().name("bench words").daemon().start(this::readWords);
  }

  /** When it was started, as {@link System#nanoTime()} tells it. */
  public long started() {
    return started;
  }

  public long pid() {
    return process.pid();
  }

  /** Whether it still runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /**
   * Waits for a word that begins with some text.
   *
   * @throws BenchException if the process ends first, or says nothing for too long
   */
  public Word await(String start) throws BenchException, InterruptedException {
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
  public String lastWords() {
    return said.isEmpty() ? "" : " It said: " + said.toString().strip();
  }

  /** What it has said since this or {@link #await} was last called. */
  public List<Word> heard() {
    List<Word> heard = new ArrayList<>();
    words.drainTo(heard);
    heard.remove(END);
    heard.forEach(word -> said.append(word.text).append('\n'));
    return heard;
  }

  /**
   * Waits for the end of the process, whoever may go on writing to its output.
   *
   * @return empty if it still runs when the time has passed
   */
  public Optional<End> exit(Duration patience) throws InterruptedException {
    return process.waitFor(patience.toNanos(), TimeUnit.NANOSECONDS)
        ? Optional.of(new End(process.exitValue(), System.nanoTime()))
        : Optional.empty();
  }

  /**
   * Waits for the end of the process and of its output.
   *
   * @return empty if it still runs when the time has passed
   */
  public Optional<End> end(Duration patience) throws InterruptedException {
    Optional<End> end = exit(patience);
    if (end.isPresent()) {
      // Whoever inherited the pipe may hold it open for longer.
      consoleReader.join(Duration.ofSeconds(1));
    }
    return end;
  }

  /** The processes that it has started, and those that they have. */
  public List<Long> descendants() {
    return process.descendants().map(ProcessHandle::pid).toList();
  }

  /** Ends it and all that it has started (SIGKILL), without waiting. */
  public void destroyTree() {
    List<ProcessHandle> all = process.descendants().toList();
    process.destroyForcibly();
    all.forEach(ProcessHandle::destroyForcibly);
  }

  /** Asks it to end (SIGTERM). */
  public void terminate() {
    process.destroy();
  }

  private void readConsole() {
    byte[] buffer = new byte[1 << 14];
    try (InputStream in = process.getInputStream()) {
      int n = 0;
      while (n >= 0) {
        n = in.read(buffer);
        if (n > 0) {
          console.took(buffer, n, System.nanoTime());
        }
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

  /** Waits for the end for a while, whoever interrupts. */
  public void awaitEnd(Duration patience) {
    process
        .onExit()
        .copy()
        .completeOnTimeout(process, patience.toMillis(), TimeUnit.MILLISECONDS)
        .join();
  }

  /** Ends the process at once and waits until it is gone. */
  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
