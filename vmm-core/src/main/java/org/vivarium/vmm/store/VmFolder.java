package org.vivarium.vmm.store;

import java.nio.file.Path;
import org.vivarium.images.catalog.GuestResolver;

/**
 * The names in a machine's folder. Its process may write in {@link #state} and {@link #cache} and
 * to the disks, and only read the rest: what the definition allows the next process to open is not
 * for this one to decide.
 *
 * @param path the folder, absolute; its own name is the machine's
 */
public record VmFolder(Path path) {
  /** Makes the path absolute. */
  public VmFolder {
    path = path.toAbsolutePath().normalize();
  }

  /** The machine's name. */
  public String name() {
    return String.valueOf(path.getFileName());
  }

  /** The definition, written by its owner. */
  public Path definition() {
    return path.resolve("vm.json");
  }

  /** Locked by the machine's process as long as it lives. */
  public Path lock() {
    return path.resolve("lock");
  }

  /** The folder of all that the machine's process writes of its own. */
  public Path state() {
    return path.resolve("state");
  }

  /** The folder of kernels read from the machine's disk, and of what its guest is told. */
  public Path cache() {
    return path.resolve(GuestResolver.CACHE);
  }

  /** The folder of links to disks that were attached while the machine ran. */
  public Path attached(boolean readOnly) {
    return path.resolve(readOnly ? "attached-read-only" : "attached");
  }

  /** What the machine's process says of itself. */
  public Path process() {
    return state().resolve("process.json");
  }

  /** What happened to the machine, and what its process printed. */
  public Path events() {
    return state().resolve("events.log");
  }

  /** What the machine printed on its serial console since its start. */
  public Path serialLog() {
    return state().resolve("console.log");
  }

  /** What the machine printed on its virtio console since its start. */
  public Path virtioLog() {
    return state().resolve("console-virtio.log");
  }
}
