package org.vivarium.app.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.vivarium.app.bench.BenchException;
import org.vivarium.images.DurableFiles;

/**
 * A folder in memory for what a comparison needs on the way, with mounts; all of it is gone when it
 * is closed.
 */
final class Scratch implements AutoCloseable {
  private final Path folder;
  private final Exec exec;
  private final Deque<Path> mounts = new ArrayDeque<>();
  private final Deque<Path> others = new ArrayDeque<>();

  private Scratch(Path folder, Exec exec) {
    this.folder = folder;
    this.exec = exec;
  }

  static Scratch make(Exec exec) throws BenchException {
    Path shared = Path.of("/dev/shm");
    Path base = Files.isWritable(shared) ? shared : Path.of(System.getProperty("java.io.tmpdir"));
    try {
      return new Scratch(Files.createTempDirectory(base, "vivarium-lab"), exec);
    } catch (IOException e) {
      throw new BenchException("Nothing can be written to %s.".formatted(base), e);
    }
  }

  /** A new folder. */
  Path folder(String name) throws BenchException {
    try {
      return Files.createDirectories(folder.resolve(name));
    } catch (IOException e) {
      throw new BenchException("The folder %s cannot be written to.".formatted(folder), e);
    }
  }

  /**
   * An image's files with a writable layer over them, as a container engine stacks them
   * (overlayfs).
   *
   * @throws BenchException if this user may not mount
   */
  Path overlay(String name, Path lower) throws BenchException {
    Path place = folder(name);
    Path merged = folder(name + "/merged");
    Path upper = folder(name + "/upper");
    Path work = folder(name + "/work");
    if (!place.toString().matches("[^,:]*") || !lower.toString().matches("[^,:]*")) {
      throw new BenchException("Overlays need paths without commas and colons.");
    }
    String options = "lowerdir=%s,upperdir=%s,workdir=%s".formatted(lower, upper, work);
    mount(merged, List.of("-t", "overlay", "-o", options, "overlay"));
    return merged;
  }

  /** A new folder below another, for what has to be on that one's disk. */
  Path folderIn(Path parent) throws BenchException {
    try {
      Path made = Files.createTempDirectory(parent, "lab");
      others.push(made);
      return made;
    } catch (IOException e) {
      throw new BenchException("Nothing can be written to %s.".formatted(parent), e);
    }
  }

  /** Deletes such a folder before the end. */
  void delete(Path folder) throws BenchException {
    try {
      DurableFiles.deleteFolder(folder);
      others.remove(folder);
    } catch (IOException e) {
      throw new BenchException("The folder %s cannot be deleted.".formatted(folder), e);
    }
  }

  /** Takes a mount away again. */
  void unmount(Path target) throws BenchException {
    exec.run(List.of("umount", target.toString()));
    mounts.remove(target);
  }

  /** Shows a folder of the host at another place. */
  void bind(Path source, Path target) throws BenchException {
    mount(target, List.of("--bind", source.toString()));
  }

  private void mount(Path target, List<String> options) throws BenchException {
    List<String> command = new ArrayList<>(List.of("mount"));
    command.addAll(options);
    command.add(target.toString());
    exec.run(command);
    mounts.push(target);
  }

  @Override
  public void close() throws BenchException {
    while (!mounts.isEmpty()) {
      exec.run(List.of("umount", mounts.getFirst().toString()));
      mounts.pop();
    }
    try {
      for (Path other : others) {
        DurableFiles.deleteFolder(other);
      }
      DurableFiles.deleteFolder(folder);
    } catch (IOException e) {
      throw new BenchException("The folder %s or its like cannot be deleted.".formatted(folder), e);
    }
  }
}
