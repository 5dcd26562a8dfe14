package org.vivarium.images.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.ImageException;

/**
 * Checks signatures by gpgv.
 *
 * @param program gpgv
 * @param keyring the keys of those who may sign
 */
public record Gpgv(Path program, Path keyring) {
  private static final long MOST_SECONDS = 60;

  /**
   * Whether a file is signed by a key in the keyring.
   *
   * @param signature beside it, or null where the file holds it itself
   * @param signed where to write what is signed of the file, or null for nowhere
   */
  public boolean accepts(Path file, @Nullable Path signature, @Nullable Path signed)
      throws ImageException, IOException {
    List<String> command =
        new ArrayList<>(List.of(program.toString(), "--keyring", keyring.toString()));
    if (signed != null) {
      command.addAll(List.of("--output", signed.toString()));
    }
    if (signature != null) {
      command.add(signature.toString());
    }
    command.add(file.toString());
    Path log = Files.createTempFile(file.toAbsolutePath().getParent(), "gpgv", ".log");
    try {
      return new Tool(log, MOST_SECONDS).run(command, _ -> {}) == 0;
    } finally {
      Files.deleteIfExists(log);
    }
  }
}
