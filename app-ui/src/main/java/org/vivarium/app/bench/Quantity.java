package org.vivarium.app.bench;

/** Times that are measured in every round, milliseconds. */
enum Quantity {
  /** Ours: from the start of the Java process. */
  VIVARIUM_PROCESS("vivarium", "process start to /init"),
  /** Ours, with the launcher's own time. */
  VIVARIUM_LAUNCHER("./vivarium", "process start to /init"),
  /** Ours, without the start-up cache. */
  VIVARIUM_WITHOUT_CACHE("vivarium, no AOT cache", "process start to /init"),
  /** QEMU's, from the start of its process. */
  QEMU_PROCESS("QEMU microvm", "process start to /init"),
  /** Ours, from the first guest instruction. */
  VIVARIUM_GUEST("vivarium", "first instruction to /init"),
  /** QEMU's, from the order to run a machine that was made before. */
  QEMU_GUEST("QEMU microvm", "first instruction to /init"),
  /** Ours: {@code start}, which starts a VM process. */
  START_COLD("vivarium start", "start to first instruction"),
  /** Ours: {@code start} with a VM process that was ready. */
  START_READY("with a process ready", "start to first instruction"),
  /** QEMU's, from the start of its process until its machine waits for the order to run. */
  QEMU_MADE("QEMU microvm (-S)", "start to first instruction"),
  /** Ours: one process of an image in a machine. */
  RUN_VIVARIUM("vivarium run", "a process of busybox, start to end"),
  /** Podman's: the same process in a container. */
  RUN_PODMAN("podman run", "a process of busybox, start to end");

  private final String side;
  private final String span;

  Quantity(String side, String span) {
    this.side = side;
    this.span = span;
  }

  String side() {
    return side;
  }

  String span() {
    return span;
  }

  /** What the quantity is compared with: another's for the same span. */
  Quantity yardstick() {
    return switch (this) {
      case VIVARIUM_PROCESS, VIVARIUM_LAUNCHER, VIVARIUM_WITHOUT_CACHE, QEMU_PROCESS ->
          QEMU_PROCESS;
      case VIVARIUM_GUEST, QEMU_GUEST -> QEMU_GUEST;
      case START_COLD, START_READY, QEMU_MADE -> QEMU_MADE;
      case RUN_VIVARIUM, RUN_PODMAN -> RUN_PODMAN;
    };
  }
}
