package org.vivarium.app.bench;

import com.sun.management.ThreadMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.machine.ExitLoop;

/**
 * What an empty port-I/O exit costs on our processor loop, beside the shortest loop in C; rounds of
 * both alternate. The C side is compiled now; without a C compiler there is ours alone.
 */
final class ExitCost {
  /** Enough for the compiler to be done with the loop. */
  private static final int WARM_UP_ROUNDS = 3;

  private static final String SOURCE = "exit_loop.c";

  /**
   * The result.
   *
   * @param java processor time of an exit on our loop, nanoseconds, by round
   * @param c the same in C; empty where there is no C compiler
   * @param allocatedBytes by our loop in all rounds, per exit
   */
  record Result(Samples java, Optional<Samples> c, double allocatedBytes) {}

  private ExitCost() {}

  /**
   * Measures.
   *
   * @param rounds above 0
   * @param exits in each round, above 0
   */
  static Result measure(Children children, Optional<String> compiler, int rounds, int exits)
      throws BenchException, VmmException, InterruptedException {
    try (ExitLoop loop = ExitLoop.open();
        @Nullable CSide c = compiler.isEmpty() ? null : CSide.start(children, compiler.get())) {
      for (int i = 0; i < WARM_UP_ROUNDS; i++) {
        run(loop, exits);
      }
      List<Double> java = new ArrayList<>();
      List<Double> inC = new ArrayList<>();
      long allocated = 0;
      for (int i = 0; i < rounds; i++) {
        if (c != null && i % 2 == 0) {
          inC.add(c.run(exits));
        }
        Meter meter = run(loop, exits);
        java.add((double) meter.cpuNanos / exits);
        allocated += meter.allocated;
        if (c != null && i % 2 == 1) {
          inC.add(c.run(exits));
        }
      }
      return new Result(
          new Samples(java),
          inC.isEmpty() ? Optional.empty() : Optional.of(new Samples(inC)),
          (double) allocated / rounds / exits);
    }
  }

  private static Meter run(ExitLoop loop, int exits) throws VmmException, InterruptedException {
    Meter meter = new Meter();
    loop.run(exits, meter);
    return meter;
  }

  /** Reads the thread's clocks at both ends of a round. */
  private static final class Meter implements ExitLoop.Round {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private long cpuNanos;
    private long allocated;

    @Override
    public void begin() {
      allocated = -THREADS.getCurrentThreadAllocatedBytes();
      cpuNanos = -THREADS.getCurrentThreadCpuTime();
    }

    @Override
    public void end() {
      cpuNanos += THREADS.getCurrentThreadCpuTime();
      allocated += THREADS.getCurrentThreadAllocatedBytes();
    }
  }

  /** The C program, which runs rounds on request. */
  private static final class CSide implements AutoCloseable {
    private final Path folder;
    private final Process process;
    private final Writer orders;
    private final BufferedReader answers;

    private CSide(Path folder, Process process) {
      this.folder = folder;
      this.process = process;
      orders = process.outputWriter();
      answers = process.inputReader();
    }

    static CSide start(Children children, String compiler)
        throws BenchException, InterruptedException {
      try (InputStream text = ExitCost.class.getResourceAsStream(SOURCE)) {
        if (text == null) {
          throw new BenchException("Vivarium is incomplete: its file exit_loop.c is missing.");
        }
        Path folder = Files.createTempDirectory("vivarium-bench");
        Path source = folder.resolve(SOURCE);
        Files.copy(text, source);
        Path program = folder.resolve("exit_loop");
        Process compiling =
            children.start(
                Children.builder(
                        List.of(compiler, "-O2", "-o", program.toString(), source.toString()))
                    .inheritIO());
        if (compiling.waitFor() != 0) {
          remove(folder);
          throw new BenchException("The C compiler %s failed.".formatted(compiler));
        }
        Process process =
            children.start(
                Children.builder(List.of(program.toString()))
                    .redirectError(ProcessBuilder.Redirect.INHERIT));
        return new CSide(folder, process);
      } catch (IOException e) {
        throw new BenchException("The yardstick in C cannot be made: " + e.getMessage(), e);
      }
    }

    /** Returns the processor time of an exit, nanoseconds. */
    double run(int exits) throws BenchException {
      try {
        orders.write(exits + "\n");
        orders.flush();
        String answer = answers.readLine();
        if (answer == null) {
          throw new BenchException("The yardstick in C ended.");
        }
        return Double.parseDouble(answer.substring(answer.indexOf(' ') + 1)) / exits;
      } catch (IOException e) {
        throw new BenchException("The yardstick in C ended: " + e.getMessage(), e);
      }
    }

    private static void remove(Path folder) throws IOException {
      Files.deleteIfExists(folder.resolve(SOURCE));
      Files.deleteIfExists(folder.resolve("exit_loop"));
      Files.deleteIfExists(folder);
    }

    @Override
    public void close() throws BenchException {
      process.destroyForcibly();
      process.onExit().join();
      try {
        remove(folder);
      } catch (IOException e) {
        throw new BenchException("The folder %s cannot be removed.".formatted(folder), e);
      }
    }
  }
}
