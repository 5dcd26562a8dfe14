package org.vivarium.vmm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Each in a process of its own, which it ends. */
class ExitHookTest {
  private record Ended(int status, String output) {}

  @Test
  void exitWhenHookIsOpenRunsItAndHasTheStatus() throws Exception {
    assertEquals(new Ended(7, "work;hook;"), process("open"));
  }

  @Test
  void exitWhenHookIsClosedDoesNotRunItAndWritesWhatWasPrinted() throws Exception {
    assertEquals(new Ended(7, "work;"), process("closed"));
  }

  @Test
  void exitWhenHookIsClosedTwiceStillKnowsTheOtherOne() throws Exception {
    assertEquals(new Ended(7, "work;hook;"), process("closed-twice"));
  }

  @Test
  void exitWhenSignalCameFirstWaitsForTheHook() throws Exception {
    // 128 + SIGTERM, as of a process without exit().
    assertEquals(new Ended(143, "work;hook;"), process("signal"));
  }

  private static Ended process(String mode) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Ending.class.getName(),
                mode)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), output);
  }

  /** The process. */
  static final class Ending {
    private Ending() {}

    public static void main(String[] arguments) throws Exception {
      Thread main = Thread.currentThread();
      CountDownLatch atWork = new CountDownLatch(1);
      boolean signal = arguments[0].equals("signal");
      ExitHook hook =
          ExitHook.add(
              "test",
              () -> {
                atWork.countDown();
                while (signal && main.getState() != Thread.State.BLOCKED) {
                  Thread.onSpinWait(); // until exit() waits for this hook
                }
                print("hook;");
              });
      print("work;");
      switch (arguments[0]) {
        case "closed" -> hook.close();
        case "closed-twice" -> {
          ExitHook other = ExitHook.add("other", () -> {});
          other.close();
          other.close();
        }
        case "signal" -> {
          new ProcessBuilder("kill", Long.toString(ProcessHandle.current().pid())).start();
          atWork.await();
          hook.close();
        }
        default -> {}
      }
      ExitHook.exit(7);
    }

    private static void print(String text) {
      System.out.print(text);
      System.out.flush();
    }
  }
}
