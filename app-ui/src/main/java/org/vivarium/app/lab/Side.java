package org.vivarium.app.lab;

import java.util.List;
import java.util.Optional;

/** What a process is run as. */
public enum Side {
  /** A process on the host, in the image's files: no isolation to speak of. */
  HOST("host", "Process on the host"),
  /** A container, by runc, with podman's default confinement. */
  CONTAINER("container", "Container (runc)"),
  /** A container, by podman. */
  PODMAN("podman", "Container (podman)"),
  /** A container, by docker. */
  DOCKER("docker", "Container (docker)"),
  /** A machine of ours. */
  MACHINE("vm", "Machine (Vivarium)"),
  /** A container by runc within such a machine. */
  NESTED("vm-container", "Container in a machine"),
  /** The same machine by QEMU. */
  QEMU("qemu", "Machine (QEMU microvm)");

  private final String id;
  private final String title;

  Side(String id, String title) {
    this.id = id;
    this.title = title;
  }

  /** The word for the command line. */
  public String id() {
    return id;
  }

  /** The name for people. */
  public String title() {
    return title;
  }

  /** Whether a guest's kernel stands between the process and the host's. */
  public boolean isMachine() {
    return this == MACHINE || this == QEMU;
  }

  /** Whether it is measured unless the user names the sides. */
  public boolean isUsual() {
    return this == HOST || this == CONTAINER || this == MACHINE;
  }

  /** Whether a container engine stands between the user and the runtime. */
  public boolean isEngine() {
    return this == PODMAN || this == DOCKER;
  }

  /** Finds a side by its word. */
  public static Optional<Side> named(String id) {
    return List.of(values()).stream().filter(side -> side.id.equals(id)).findFirst();
  }
}
