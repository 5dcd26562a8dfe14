package org.vivarium.images.deb;

import static org.junit.jupiter.api.Assertions.assertFalse;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.vivarium.images.ImageException;

class DebArchiveFuzzTest {
  private static final DebArchive.Limits SMALL = new DebArchive.Limits(100, 1 << 20, 4 << 20);

  /** Whatever the bytes: entries within the root and the limits, or one kind of refusal. */
  @FuzzTest(maxDuration = "60s")
  void anyBytesAreReadOrRefused(byte[] bytes) throws IOException {
    Path file = Files.createTempFile("fuzz", ".deb");
    try {
      Files.write(file, bytes);
      DebArchive.read(
          file,
          SMALL,
          (entry, content) -> {
            assertFalse(List.of(entry.path().split("/")).contains(".."), entry.path());
            assertFalse(entry.path().startsWith("/"), entry.path());
            content.readNBytes(1 << 20);
          });
    } catch (ImageException e) {
      assertFalse(e.getMessage().isBlank());
    } finally {
      Files.delete(file);
    }
  }
}
