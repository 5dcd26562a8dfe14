package org.vivarium.app.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The project's emulated computer with hardware virtualization, where this one has none: runs the
 * same command again inside it.
 */
public final class Rig {
  private static final String SCRIPT = "vmm-core/src/it/kvm-rig";

  /** The rig's own limit, seconds; a boot in it takes seconds, and there are many. */
  private static final int LIMIT = 3000;

  /** How long it may take to end after that, seconds. */
  private static final int GRACE = 60;

  private final Path launcher;
  private final Path script;

  private Rig(Path launcher, Path script) {
    this.launcher = launcher;
    this.script = script;
  }

  /**
   * The emulated computer, for a measurement that this computer cannot take; says so.
   *
   * @param launcher the launcher's path, if this was started by it
   * @param here whether the person wants this computer and no other
   * @param reason why this computer cannot
   * @throws BenchException if there is no such place either
   */
  public static Rig instead(Optional<Path> launcher, boolean here, String reason)
      throws BenchException {
    Optional<Rig> rig = launcher.flatMap(Rig::beside);
    if (here || rig.isEmpty()) {
      throw new BenchException("Nothing can be measured here. " + reason);
    }
    System.err.println(reason);
    System.err.println(
        "So this runs in the project's emulated computer with hardware virtualization.");
    return rig.get();
  }

  /** The rig beside a launcher; empty where there is none, as in an installed copy. */
  public static Optional<Rig> beside(Path launcher) {
    Path script = launcher.resolveSibling(SCRIPT);
    return Files.isExecutable(script) ? Optional.of(new Rig(launcher, script)) : Optional.empty();
  }

  /**
   * Runs the launcher in the rig.
   *
   * @param words its arguments, without {@code --json}
   * @param json file to be written from what the command in the rig writes, or null
   * @return the exit status of the command in the rig
   */
  public int run(List<String> words, @Nullable Path json)
      throws BenchException, InterruptedException {
    try {
      Path out = Files.createTempDirectory("vivarium-bench");
      Path written = out.resolve("bench.json");
      try {
        List<String> command =
            new ArrayList<>(
                List.of(
                    script.toString(), "-t", Integer.toString(LIMIT), "-o", out.toString(), "--"));
        command.add(launcher.toString());
        command.addAll(words);
        if (json != null) {
          command.addAll(List.of("--json", written.toString()));
        }
        Children children = new Children(Duration.ofSeconds(LIMIT + GRACE));
        int status = children.start(Children.builder(command).inheritIO()).waitFor();
        if (json != null && Files.exists(written)) {
          Files.move(written, json, StandardCopyOption.REPLACE_EXISTING);
        }
        return status;
      } finally {
        Files.deleteIfExists(written);
        Files.deleteIfExists(out);
      }
    } catch (IOException e) {
      throw new BenchException("The result cannot be fetched from the rig: " + e.getMessage(), e);
    }
  }
}
