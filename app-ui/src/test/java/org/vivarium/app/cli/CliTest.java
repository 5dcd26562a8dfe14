package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CliTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String... words) {
    try (PrintStream outStream = new PrintStream(out, true, StandardCharsets.UTF_8);
        PrintStream errStream = new PrintStream(err, true, StandardCharsets.UTF_8)) {
      return new Cli(outStream, errStream).run(words);
    }
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bogus",
        "--bogus",
        "boot --bogus",
        "boot extra",
        "boot --cpus",
        "boot --cpus=0",
        "boot --cpus=1000",
        "boot --cpus=four",
        "boot --memory=0",
        "boot --memory=1",
        "boot --memory=-1",
        "boot --memory=lots",
        "boot --memory=99999999999999999999G",
        "boot --engine=warp",
        "boot --console=tty9",
        "boot --timeout=0",
        "boot --timeout=soon",
        "boot --initrd=/alone",
        "boot --disk=/missing",
        "boot --disk=/tmp",
        "boot --disk=/dev/null,format=vmdk",
        "boot --disk=/a,id=x --disk=/b,id=x",
        "boot --disk=/a,id=x --net=none,id=x",
        "boot --disk=",
        "boot --net=cable",
        "boot --net=none,mac=ff:ff:ff:ff:ff:ff",
        "boot --net=user,forward=tcp:0:22",
        "boot --net=user,forward=tcp:80:22 --net=user,forward=tcp:80:23",
        "boot --vsock=/tmp/s,cid=1",
        "boot --vsock=/tmp/s,bogus",
        "boot --vsock=",
        "doctor --bogus",
        "bench --runs=0",
        "bench --runs=many",
        "bench --only=luck",
        "bench --memory=1",
        "bench --initrd=/alone",
        "bench --kernel=/missing",
      })
  void badInputIsOneSentenceAndStatusTwo(String line) {
    int status = run(line.split(" "));

    assertEquals(ExitStatus.BAD_INPUT, status, err());
    assertEquals(1, err().lines().count(), err());
    assertTrue(err().matches("[A-Z].*[.]\\R"), err());
    assertEquals("", out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"--help", "boot --help", "doctor --help"})
  void helpGoesToStandardOutput(String line) {
    int status = run(line.split(" "));

    assertEquals(ExitStatus.OK, status);
    assertTrue(out().startsWith("Usage: "), out());
    assertEquals("", err());
  }

  @Test
  void versionNamesTheProgram() {
    int status = run("--version");

    assertEquals(ExitStatus.OK, status);
    assertTrue(out().startsWith("Vivarium "));
  }
}
