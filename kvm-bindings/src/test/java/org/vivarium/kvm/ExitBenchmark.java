package org.vivarium.kvm;

import com.sun.management.ThreadMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What an empty port-I/O exit costs in Java beside the same loop in C, in the same run.
 *
 * <p>{@code java -cp ... org.vivarium.kvm.ExitBenchmark [ROUNDS [EXITS]]}: the C side is compiled
 * now; rounds of both alternate, each first in every second round; medians are compared. Besides
 * the clock's time there is the thread's processor time, which other load disturbs less.
 */
public final class ExitBenchmark {
  private static final int PORT = 0x80;
  private static final int WALL = 0;
  private static final int CPU = 1;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private ExitBenchmark() {}

  /** The C program, which runs rounds on request. */
  private static final class CSide implements AutoCloseable {
    private final Path folder = Files.createTempDirectory("exit-benchmark");
    private final Process process;
    private final Writer orders;
    private final BufferedReader answers;

    CSide() throws IOException, InterruptedException {
      Path source = folder.resolve("exit_benchmark.c");
      try (InputStream text = ExitBenchmark.class.getResourceAsStream("/exit_benchmark.c")) {
        if (text == null) {
          throw new IOException("exit_benchmark.c is not on the class path.");
        }
        Files.copy(text, source);
      }
      Path program = folder.resolve("exit_benchmark");
      List<String> compile = List.of("cc", "-O2", "-o", program.toString(), source.toString());
      if (new ProcessBuilder(compile).inheritIO().start().waitFor() != 0) {
        throw new IOException("The C compiler failed.");
      }
      process =
          new ProcessBuilder(program.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      orders = process.outputWriter();
      answers = process.inputReader();
    }

    void run(int exits, double[][] costs, int round) throws IOException {
      orders.write(exits + "\n");
      orders.flush();
      String answer = answers.readLine();
      if (answer == null) {
        throw new IOException("The C side ended.");
      }
      String[] nanos = answer.split(" ");
      costs[WALL][round] = Double.parseDouble(nanos[0]) / exits;
      costs[CPU][round] = Double.parseDouble(nanos[1]) / exits;
    }

    @Override
    public void close() throws IOException {
      orders.close();
      process.onExit().join();
      Files.delete(folder.resolve("exit_benchmark.c"));
      Files.delete(folder.resolve("exit_benchmark"));
      Files.delete(folder);
    }
  }

  /** One round; the answer is how many bytes its loop allocated. */
  private static long runJava(MicroGuest guest, int exits, double[][] costs, int round)
      throws KvmException {
    KvmVcpu vcpu = guest.vcpu;
    KvmRun exit = guest.exit();
    long startBytes = THREADS.getCurrentThreadAllocatedBytes();
    long start = System.nanoTime();
    long startCpu = THREADS.getCurrentThreadCpuTime();
    for (int i = 0; i < exits; i++) {
      if (vcpu.run() != KvmRun.EXIT_IO || !exit.ioIsWrite() || exit.ioPort() != PORT) {
        throw new IllegalStateException("Unexpected exit " + exit.exitReason());
      }
    }
    long cpu = THREADS.getCurrentThreadCpuTime() - startCpu;
    costs[WALL][round] = (double) (System.nanoTime() - start) / exits;
    costs[CPU][round] = (double) cpu / exits;
    return THREADS.getCurrentThreadAllocatedBytes() - startBytes;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private static void report(PrintStream out, String what, double[] c, double[] java) {
    double[] ratios = new double[c.length];
    Arrays.setAll(ratios, i -> java[i] / c[i]);
    out.printf(
        Locale.ROOT,
        "exit cost, %s, medians of %d rounds: C %.0f ns, Java %.0f ns, ratio %.3f (of each round:"
            + " median %.3f, %.3f to %.3f)%n",
        what,
        c.length,
        median(c),
        median(java),
        median(java) / median(c),
        median(ratios),
        Arrays.stream(ratios).min().orElseThrow(),
        Arrays.stream(ratios).max().orElseThrow());
  }

  /** Runs the benchmark. */
  public static void main(String[] arguments) throws Exception {
    int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 15;
    int exits = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 20_000;
    PrintStream out = System.out;
    double[][] c = new double[2][rounds];
    double[][] java = new double[2][rounds];
    long allocated = 0;
    try (CSide cSide = new CSide();
        MicroGuest guest = MicroGuest.realMode("e6 80", "eb fc")) { // out 0x80, al; jmp to it
      cSide.run(exits, c, 0);
      Allocation.afterWarmUp(() -> runJava(guest, exits, java, 0));
      for (int i = 0; i < rounds; i++) {
        if (i % 2 == 0) {
          cSide.run(exits, c, i);
        }
        allocated += runJava(guest, exits, java, i);
        if (i % 2 == 1) {
          cSide.run(exits, c, i);
        }
        out.printf(
            Locale.ROOT,
            "round %2d: C %7.0f ns (%7.0f of the processor), Java %7.0f ns (%7.0f)%n",
            i + 1,
            c[WALL][i],
            c[CPU][i],
            java[WALL][i],
            java[CPU][i]);
      }
    }
    report(out, "by the clock", c[WALL], java[WALL]);
    report(out, "processor time", c[CPU], java[CPU]);
    out.printf(Locale.ROOT, "allocated: %.3f bytes an exit%n", (double) allocated / rounds / exits);
  }
}
