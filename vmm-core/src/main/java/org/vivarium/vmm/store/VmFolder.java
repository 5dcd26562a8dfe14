package org.vivarium.vmm.store;

import java.nio.file.Path;

/**
 * The names in a machine's folder.
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

  /** What the machine's process says of itself. */
  public Path process() {
    return path.resolve("process.json");
  }

  /** What happened to the machine, and what its process printed. */
  public Path events() {
    return path.resolve("events.log");
  }

  /** What the machine printed on its serial console since its start. */
  public Path serialLog() {
    return path.resolve("console.log");
  }

  /** What the machine printed on its virtio console since its start. */
  public Path virtioLog() {
    return path.resolve("console-virtio.log");
  }
}
