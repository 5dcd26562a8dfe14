package org.vivarium.app.bench.disk;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.StartTime;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Child;
import org.vivarium.app.bench.Children;

/** One boot of the guest: hears its marks and fio's figures, and tells somebody of each at once. */
public final class FioRun {
  /** Looks at a process before and after a job. */
  public interface Observer {
    /** The job is about to begin. */
    default void begin(String job, long pid) throws BenchException, InterruptedException {}

    /** The job has just ended. */
    default void end(String job, long pid) throws BenchException, InterruptedException {}

    /** What fio says of the job, after its end. */
    void figure(FioLine figure) throws BenchException;
  }

  /** Longest line of the console that is kept, bytes. */
  private static final int LONGEST = 1 << 12;

  private static final int LAST_LINES = 2000;
  private static final Duration END = Duration.ofSeconds(60);

  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private final StringBuilder said = new StringBuilder();
  private final Observer observer;
  private final int patienceSeconds;

  /**
   * @param patienceSeconds how long the guest may be silent
   */
  public FioRun(Observer observer, int patienceSeconds) {
    this.observer = observer;
    this.patienceSeconds = patienceSeconds;
  }

  /**
   * Runs the guest to its end.
   *
   * @param environment what the process finds beside this one's
   * @throws BenchException if the guest does not come to its end; what the observer has heard holds
   */
  public void run(Children children, List<String> command, Map<String, String> environment)
      throws BenchException, InterruptedException {
    int figures = 0;
    try (Child child = start(children, command, environment)) {
      String text = next(child);
      while (!text.startsWith(FioScript.DONE)) {
        if (text.startsWith(FioScript.BEGIN)) {
          observer.begin(text.substring(FioScript.BEGIN.length()).strip(), child.pid());
        } else if (text.startsWith(FioScript.END)) {
          observer.end(text.substring(FioScript.END.length()).strip(), child.pid());
        } else if (text.startsWith(FioScript.ROW)) {
          observer.figure(FioLine.parse(text.substring(FioScript.ROW.length())));
          figures++;
        }
        text = next(child);
      }
      if (figures == 0) {
        throw new BenchException("fio measured nothing in the guest." + tail());
      }
      // It powers itself off, so that its disks are whole when the other side opens them.
      if (child.end(END).isEmpty()) {
        throw new BenchException("The guest did not power off." + tail());
      }
    }
  }

  private Child start(Children children, List<String> command, Map<String, String> environment)
      throws BenchException {
    Map<String, String> all = new HashMap<>(System.getenv());
    all.remove(StartTime.VARIABLE);
    all.putAll(environment);
    return children.start(command, all, (bytes, length, _) -> took(bytes, length));
  }

  private String next(Child child) throws BenchException, InterruptedException {
    for (int second = 0; second < patienceSeconds; second++) {
      @Nullable String text = lines.poll(1, TimeUnit.SECONDS);
      if (text != null) {
        return text;
      }
      if (!child.isAlive() && lines.isEmpty()) {
        child.heard();
        throw new BenchException("The guest ended before fio did." + tail() + child.lastWords());
      }
    }
    throw new BenchException(
        "The guest said nothing for %d s.%s".formatted(patienceSeconds, tail()));
  }

  private synchronized String tail() {
    return said.isEmpty() ? "" : " Its console ended: " + said.toString().strip();
  }

  /** On the thread that reads the console. */
  private synchronized void took(byte[] bytes, int length) {
    for (int i = 0; i < length; i++) {
      if (bytes[i] != '\n') {
        if (line.size() < LONGEST) {
          line.write(bytes[i]);
        }
        continue;
      }
      String text = line.toString(StandardCharsets.UTF_8).strip();
      line.reset();
      // Firmware may have left control characters before it.
      int mark = text.indexOf(FioScript.MARK);
      if (mark >= 0) {
        lines.add(text.substring(mark));
      } else if (!text.isEmpty()) {
        said.append(text).append('\n');
        said.delete(0, Math.max(0, said.length() - LAST_LINES));
      }
    }
  }
}
