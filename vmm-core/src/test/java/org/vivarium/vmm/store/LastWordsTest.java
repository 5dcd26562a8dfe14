package org.vivarium.vmm.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LastWordsTest {
  @TempDir private Path folder;

  @Test
  void ofLogIsItsLastLineThatSaysSomething() throws IOException {
    assertEquals(Optional.of("b"), words("a\n  b  \n\n"));
  }

  @Test
  void ofCrashReportIsWhyJavaCrashed() throws IOException {
    String report =
        """
        The machine is running.
        #
        # A fatal error has been detected by the Java Runtime Environment:
        #
        #  SIGSEGV (0xb) at pc=0x00007f173c5ba829, pid=1, tid=2
        #
        #   https://example.org/bugs
        # JRE version: OpenJDK Runtime Environment
        %s
        END.
        """
            .formatted("7f0000000000-7f0000001000 rw-p\n".repeat(4000));
    String former = report.replace("SIGSEGV (0xb)", "SIGBUS (0x7)");

    assertEquals(
        Optional.of("Java crashed: SIGSEGV (0xb) at pc=0x00007f173c5ba829, pid=1, tid=2"),
        words(former + report));
  }

  @Test
  void ofLogThatOnlyEndsLikeReportIsItsLastLine() throws IOException {
    assertEquals(Optional.of("END."), words("a\nEND.\n"));
  }

  @Test
  void ofMissingLogIsNothing() {
    assertEquals(Optional.empty(), LastWords.of(folder.resolve("none"), 0));
  }

  private Optional<String> words(String log) throws IOException {
    return LastWords.of(Files.writeString(folder.resolve("log"), log), 0);
  }
}
