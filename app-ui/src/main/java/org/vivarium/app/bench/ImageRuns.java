package org.vivarium.app.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.vivarium.images.DurableFiles;

/**
 * One process of an image, from the start of the command to its end, by {@code vivarium run} and by
 * {@code podman run}, both with their caches warm and without a network. One thread.
 */
final class ImageRuns implements AutoCloseable {
  /** The image that both run, as {@code vivarium run} calls it. */
  static final String IMAGE = "busybox";

  /** overlayfs cannot lie over another, which the files of the emulated computer are. */
  private static final Path MEMORY = Path.of("/dev/shm");

  private static final String SAID = "it ran";
  private static final List<String> PROCESS = List.of("echo", SAID);

  private final Children children;
  private final List<String> ours;
  private final Path store;
  private List<String> podman = List.of();

  /**
   * @param layout the image as an OCI layout, for podman
   * @param podman the program, if it is here
   * @throws BenchException if podman cannot take the image
   */
  ImageRuns(Children children, Vivarium vivarium, Path layout, Optional<String> podman)
      throws BenchException, InterruptedException {
    this.children = children;
    List<String> run = new ArrayList<>(vivarium.command(List.of("run", "--engine", "kvm", IMAGE)));
    run.addAll(PROCESS);
    this.ours = run;
    try {
      store = Files.createTempDirectory(MEMORY, "vivarium-bench");
    } catch (IOException e) {
      throw new BenchException("No folder for podman's image can be made.", e);
    }
    boolean done = false;
    try {
      if (podman.isPresent()) {
        load(podman.get(), layout);
      }
      done = true;
    } finally {
      if (!done) {
        close();
      }
    }
  }

  /** In a store of its own, which goes with this. */
  private void load(String program, Path layout) throws BenchException, InterruptedException {
    List<String> engine =
        List.of(
            program,
            "--root",
            store.resolve("root").toString(),
            "--runroot",
            store.resolve("run").toString(),
            "--cgroup-manager",
            "cgroupfs",
            "--events-backend",
            "none");
    List<String> pull = new ArrayList<>(engine);
    pull.addAll(List.of("pull", "--quiet", "oci:" + layout));
    String id = output(pull).strip();
    podman = new ArrayList<>(engine);
    podman.addAll(List.of("run", "--rm", "--network", "none", id));
    podman.addAll(PROCESS);
  }

  /** Milliseconds of a run of ours. */
  double vivarium() throws BenchException, InterruptedException {
    return millis(ours);
  }

  /** Whether there is a podman to measure beside. */
  boolean hasPodman() {
    return !podman.isEmpty();
  }

  /** Milliseconds of a run of podman's. */
  double podman() throws BenchException, InterruptedException {
    return millis(podman);
  }

  private double millis(List<String> command) throws BenchException, InterruptedException {
    long start = System.nanoTime();
    String said = output(command);
    double millis = (System.nanoTime() - start) / 1e6;
    if (!said.strip().equals(SAID)) {
      throw new BenchException(
          "The command %s printed \"%s\".".formatted(String.join(" ", command), said.strip()));
    }
    return millis;
  }

  private String output(List<String> command) throws BenchException, InterruptedException {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    try (Child child =
        children.start(command, (bytes, length, _) -> said.write(bytes, 0, length))) {
      Child.End end =
          child
              .end(Children.PATIENCE)
              .orElseThrow(
                  () -> new BenchException("%s does not end.".formatted(command.getFirst())));
      if (end.status() != 0) {
        child.heard();
        throw new BenchException(
            "The command %s ended with status %d.%s"
                .formatted(String.join(" ", command), end.status(), child.lastWords()));
      }
      return said.toString(StandardCharsets.UTF_8);
    }
  }

  @Override
  public void close() throws BenchException {
    try {
      DurableFiles.deleteFolder(store);
    } catch (IOException e) {
      throw new BenchException("The folder %s could not be removed.".formatted(store), e);
    }
  }
}
