package org.vivarium.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs the distribution's qemu-img and qemu-io (package qemu-utils), the judges of the format. */
public final class Qemu {
  /** What a command printed and its exit status. */
  public record Result(int status, String output) {}

  private Qemu() {}

  /** Runs a command to its end. */
  public static Result run(String... command) throws IOException, InterruptedException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      return fail(command[0] + " cannot be run; install the package qemu-utils.", e);
    }
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      fail(String.join(" ", command) + " did not end.");
    }
    return new Result(process.exitValue(), output);
  }

  /** Runs a command that must succeed. */
  public static String ok(String... command) throws IOException, InterruptedException {
    Result result = run(command);
    assertEquals(0, result.status(), String.join(" ", command) + "\n" + result.output());
    return result.output();
  }

  /** Runs qemu-io commands on an image. */
  public static void io(String format, Path image, String... commands)
      throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(List.of("qemu-io", "-f", format, "-d", "unmap"));
    for (String command : commands) {
      line.add("-c");
      line.add(command);
    }
    line.add(image.toString());
    Result result = run(line.toArray(String[]::new));
    assertEquals(0, result.status(), result.output());
  }

  /** Fails unless the image is consistent and leaks nothing. */
  public static void assertClean(Path image) throws IOException, InterruptedException {
    Result result = run("qemu-img", "check", "-f", "qcow2", image.toString());
    assertEquals(0, result.status(), result.output());
  }

  /** Fails unless the image is consistent, after mending leaks. */
  public static void assertConsistent(Path image) throws IOException, InterruptedException {
    Result result = run("qemu-img", "check", "-f", "qcow2", image.toString());
    if (result.status() == 3) {
      ok("qemu-img", "check", "-q", "-f", "qcow2", "-r", "leaks", image.toString());
    } else {
      assertEquals(0, result.status(), result.output());
    }
  }

  /** Fails unless both images have the same content. */
  public static void assertSame(String formatA, Path a, String formatB, Path b)
      throws IOException, InterruptedException {
    Result result =
        run("qemu-img", "compare", "-f", formatA, "-F", formatB, a.toString(), b.toString());
    assertEquals(0, result.status(), result.output());
  }
}
