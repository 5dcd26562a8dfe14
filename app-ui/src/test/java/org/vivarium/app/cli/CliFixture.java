package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** Runs commands against {@link FakeMachines} and keeps what they print. */
final class CliFixture {
  final FakeMachines machines;
  final FakeTty tty = new FakeTty();
  final Map<String, String> environment = new HashMap<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private InputStream input = InputStream.nullInputStream();

  CliFixture(Path home) {
    machines = new FakeMachines(home.resolve("vms"));
    environment.put("VIVARIUM_HOME", home.toString());
  }

  /** What the next command reads from standard input. */
  void type(String text) {
    input = new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  /** As {@link #type}, once something has come about. */
  void typeAfter(BooleanSupplier condition, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    input =
        new InputStream() {
          private int next;

          @Override
          public int read() {
            while (!condition.getAsBoolean()) {
              Thread.onSpinWait();
            }
            return next < bytes.length ? bytes[next++] : -1;
          }
        };
  }

  /** Runs a command line; no word holds a space. */
  int run(String line) {
    return runWords(line.split(" "));
  }

  int runWords(String... words) {
    out.reset();
    err.reset();
    Shell shell =
        new Shell(
            () -> machines,
            input,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            tty,
            environment);
    return new Cli(shell).run(words);
  }

  /** Runs what a test needs beforehand. */
  void given(String line) {
    assertEquals(ExitStatus.OK, run(line), err());
    machines.takeCalls();
  }

  /** Runs a line that is refused, in one sentence and without a result. */
  void assertRefused(int status, String line) {
    assertEquals(status, run(line), err());
    assertEquals(1, err().lines().count(), err());
    assertTrue(err().matches("[A-Z].*[.]\\R"), err());
    assertEquals("", out());
  }

  String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  /** An entry whose disk is a file of the user's own. */
  static Path givenOwnEntry(Path home) throws IOException {
    Path disk = home.resolve("mine.raw");
    Files.writeString(
        Files.createDirectories(home.resolve("catalogue")).resolve("mine.json"),
        """
        {"id": "mine", "title": "Mine", "description": "For tests.", "kind": "disk",
         "file": "%s", "format": "raw", "cpus": 1, "memoryMib": 64, "diskMib": 16,
         "login": "As root."}
        """
            .formatted(disk));
    return disk;
  }
}
