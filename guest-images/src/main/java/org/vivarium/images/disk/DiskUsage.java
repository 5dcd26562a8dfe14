package org.vivarium.images.disk;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/** What files take on the computer's disk, holes not counted. */
public final class DiskUsage {
  private DiskUsage() {}

  /**
   * Returns the bytes that a folder or file takes; 0 where it does not exist.
   *
   * @throws IOException where it cannot be read
   */
  public static long of(Path path) throws IOException {
    if (!Files.exists(path)) {
      return 0;
    }
    // Java cannot ask for st_blocks, and sparse images are the rule here.
    Process du =
        new ProcessBuilder("du", "-s", "--block-size=1", "--", path.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    du.getOutputStream().close();
    String text = new String(du.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int tab = text.indexOf('\t');
    return tab > 0 && text.substring(0, tab).matches("\\d{1,18}")
        ? Long.parseLong(text.substring(0, tab))
        : apparent(path);
  }

  private static long apparent(Path path) throws IOException {
    long[] sum = new long[1];
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            sum[0] += attributes.size();
            return FileVisitResult.CONTINUE;
          }
        });
    return sum[0];
  }
}
