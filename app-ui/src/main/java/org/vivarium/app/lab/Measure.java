package org.vivarium.app.lab;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What can be measured, with what it means. */
public enum Measure {
  /** How long until it works. */
  START(
      "Start",
      "From right before the first process is started to the first byte that the workload prints,"
          + " as the process that started it receives it. The image is unpacked beforehand on every"
          + " side; a container engine's own work (podman, docker) is not part of it."),
  /** How long until it is gone. */
  STOP(
      "Stop at once",
      "From the order to stop at once (SIGKILL to the process or container, SIGTERM to the machine's"
          + " process, which turns the machine off) to the end of the last process, while the"
          + " workload runs."),
  /** A whole life. */
  RUN(
      "A whole run of /bin/true",
      "From right before the first process is started to its end, for a program that does nothing:"
          + " for a machine this includes booting and powering off."),
  /** What is kept on the disk. */
  SIZE(
      "Image size",
      "What is kept on the disk for this image: the layers as they were given, which both sides"
          + " share, and the form in which each side reads them. Allocated: what the file system"
          + " gave. A machine also needs a kernel, which all machines share."),
  /** What an idle instance costs. */
  MEMORY(
      "Memory beyond the workload",
      "While the workload idles, some seconds after its first output. PSS counts a page that n"
          + " processes share as 1/n. A container's processes are the workload itself; the runtime is"
          + " runc, which stays only in the foreground. Of a machine, the guest's RAM as far as the"
          + " host has given it holds the guest's kernel, its files and the workload."),
  /** How fast it computes. */
  CPU(
      "Processor, memory, system calls",
      "How long a fixed amount of work takes, from one line of output before it to one after it, both"
          + " stamped by the host's clock as they arrive. The programs are the image's own (sh, dd,"
          + " awk, sha256sum)."),
  /** What a process can see and do. */
  ISOLATION(
      "Isolation",
      "What a script inside could see and do. Nothing that would change the host is tried on the"
          + " host itself.");

  private final String title;
  private final String definition;

  Measure(String title, String definition) {
    this.title = title;
    this.definition = definition;
  }

  /** The word for the command line. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The name for people. */
  public String title() {
    return title;
  }

  /** What exactly is measured. */
  public String definition() {
    return definition;
  }

  /** Finds a measure by its word. */
  public static Optional<Measure> named(String id) {
    return List.of(values()).stream().filter(measure -> measure.id().equals(id)).findFirst();
  }
}
