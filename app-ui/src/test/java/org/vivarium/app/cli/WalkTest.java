package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.app.Main;

/** What a new user does first, with real processes: each command one of its own. */
@Tag("emulation")
@Timeout(300)
class WalkTest {
  private static final String IMAGES = "vivarium.test.images";

  @TempDir Path home;

  /** Of the last command. */
  private String out = "";

  private String err = "";

  @BeforeEach
  void shareImages() throws IOException {
    String images = System.getProperty(IMAGES);
    if (images != null) {
      Files.createSymbolicLink(home.resolve("images"), Path.of(images).toAbsolutePath());
    }
  }

  @AfterEach
  void leaveNothing() throws Exception {
    if (Files.isDirectory(home.resolve("vms/walk"))) {
      run("rm", "--force", "walk");
    }
  }

  private ProcessBuilder command(String... words) {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.add("-cp");
    line.add(Objects.requireNonNull(System.getProperty("java.class.path")));
    line.add("--enable-native-access=ALL-UNNAMED");
    line.add(Main.class.getName());
    line.addAll(List.of(words));
    ProcessBuilder command = new ProcessBuilder(line);
    command.environment().put("VIVARIUM_HOME", home.toString());
    command.environment().put("XDG_RUNTIME_DIR", home.toString());
    return command;
  }

  private int run(String... words) throws Exception {
    Path errors = home.resolve("errors");
    Process process = command(words).redirectError(errors.toFile()).start();
    process.getOutputStream().close();
    out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = process.waitFor();
    err = Files.readString(errors);
    return status;
  }

  private void assertRuns(String... words) throws Exception {
    assertEquals(ExitStatus.OK, run(words), err);
  }

  private static void await(InputStream in, String text) throws IOException {
    StringBuilder seen = new StringBuilder();
    while (seen.indexOf(text) < 0) {
      int next = in.read();
      assertTrue(next >= 0, "The console ended after: " + seen);
      seen.append((char) next);
    }
  }

  @Test
  void machineIsCreatedUsedAndDeleted() throws Exception {
    assertRuns("create", "walk", "--engine", "qemu", "--memory", "128M");
    assertRuns("start", "walk");
    assertTrue(err.contains("Engine: qemu"), err);

    assertRuns("ls");
    assertTrue(out.lines().anyMatch(line -> line.matches("walk +running +qemu .*")), out);

    Process console = command("console", "walk").start();
    try (OutputStream keys = console.getOutputStream()) {
      await(console.getInputStream(), "tiny:~# ");
      keys.write("echo walk-$((6*7))\n".getBytes(StandardCharsets.US_ASCII));
      keys.flush();
      await(console.getInputStream(), "walk-42");
    } finally {
      console.destroy();
      console.waitFor();
    }

    assertRuns("stats", "--once");
    assertTrue(out.lines().skip(1).anyMatch(line -> line.startsWith("walk ")), out);
    assertRuns("log", "walk");
    assertTrue(out.contains("walk-42"), out);

    assertRuns("stop", "walk");
    assertRuns("ls");
    assertTrue(out.lines().anyMatch(line -> line.matches("walk +stopped +- .*")), out);

    assertRuns("rm", "--force", "walk");
    try (Stream<Path> left = Files.list(home.resolve("vms"))) {
      assertFalse(left.anyMatch(path -> path.endsWith("walk")));
    }
  }
}
