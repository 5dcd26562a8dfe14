package org.vivarium.app.bench.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.app.bench.BenchException;

class FioScriptTest {
  @TempDir Path folder;

  /** The guest's shell runs it as it is; here one that is there anyway looks at its grammar. */
  @Test
  void scriptIsWholeSectorsOfShell() throws Exception {
    Path script = folder.resolve("script");
    Load load = new Load(Load.Format.QCOW2, Load.Access.RANDOM_READ_32);

    new FioScript("setup\n", "[global]\n", "0.5")
        .write(script, List.of(load.warmUp(64), load.section(64)));

    Process shell = new ProcessBuilder("sh", "-n", script.toString()).start();
    assertTrue(shell.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, shell.exitValue());
    String text = Files.readString(script);
    assertEquals(0, text.length() % 512);
    assertTrue(text.startsWith("setup\ncd /tmp\n"), text);
    assertTrue(text.contains("[qcow2-random-read-32]\nfilename=/dev/vdb\n"), text);
    assertTrue(text.contains("io_size=256k\n"), text);
    assertTrue(text.contains("exec_prerun=/tmp/mark begin qcow2-random-read-32\n"), text);
  }

  @Test
  void rowsOfLargeOrSingleRequestsHaveFewer() {
    assertEquals(4000, new Load(Load.Format.RAW, Load.Access.RANDOM_WRITE_32).requests(4000));
    assertEquals(1000, new Load(Load.Format.RAW, Load.Access.RANDOM_WRITE_1).requests(4000));
    assertEquals(250, new Load(Load.Format.RAW, Load.Access.READ).requests(4000));
    assertEquals(1, new Load(Load.Format.RAW, Load.Access.READ).requests(1));
  }

  @Test
  void figureIsWhatFioCounted() throws BenchException {
    FioLine line = FioLine.parse("raw-read;0;2048;500;0;0");

    assertEquals(new FioLine("raw-read", 0, 2048, 500), line);
    assertEquals(1024, line.perSecond(4));
  }
}
