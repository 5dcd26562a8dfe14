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
          + " side; what an engine adds shows on the sides podman and docker."),
  /** How long until it is gone. */
  STOP(
      "Stop at once",
      "From the order to stop at once (SIGKILL to the process or container, SIGTERM to the machine's"
          + " process, which turns the machine off) to the end of the last process, while the"
          + " workload runs."),
  /** How long until there is another one. */
  CREATE(
      "Creation of an instance",
      "Making the storage of a new instance, without starting it. Linked: it refers to the image's"
          + " files and keeps what it changes itself (a container: an overlayfs mount by mount(8); an"
          + " engine: its own create; a machine: an ext4 disk by mke2fs(8), which the guest stacks over"
          + " the shared layers). Full: the image's files are copied as well. Into the page cache;"
          + " nothing is flushed."),
  /** A whole life. */
  RUN(
      "A whole run of /bin/true",
      "From right before the first process is started to its end, for a program that does nothing:"
          + " for a machine this includes booting and powering off. Of a workload that ends by itself,"
          + " the same for it."),
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
  /** How many fit. */
  DENSITY(
      "Density",
      "Idle instances of the workload are started side by side until they take %d MiB together or"
              .formatted(CostSteps.BUDGET)
          + " are %d. What one more costs is the growth of the sum of PSS beyond the first, divided"
              .formatted(CostSteps.MOST)
          + " by the instances after it; how many fit into 1 GiB is reckoned from that. Looked at"
          + " some seconds after the start of the first and of the last. Measured once."),
  /** How fast it computes. */
  CPU(
      "Processor, memory, system calls",
      "How long a fixed amount of work takes, from one line of output before it to one after it, both"
          + " stamped by the host's clock as they arrive. The programs are the image's own (sh, dd,"
          + " awk, sha256sum)."),
  /** How fast its disk is. */
  DISK(
      "Disk",
      "The image's dd on one file of %d MiB, which lies beside the image on the host's disk and is"
              .formatted(Work.DISK_MIB)
          + " taken out of the host's page cache before each round. The host and the container write"
          + " the file itself (a volume), the machine a virtio disk that it is. What is flushed or"
          + " read with O_DIRECT passes the page cache of whoever runs dd; a machine's reads may yet"
          + " be answered by the host's. For 4 KiB, each block is a process of its own, whose cost"
          + " is the row New process."),
  /** How fast its network is. */
  NETWORK(
      "Network",
      "A client on the host speaks TCP with the image's nc, which sends back what it gets: %d bytes,"
              .formatted(EchoClient.TRIPS)
          + " one at a time, for the round trip, and for the throughput what goes there and back"
          + " while %d s pass, %d KiB of it on the way at once. A"
              .formatted(EchoClient.SENDING.toSeconds(), EchoClient.IN_FLIGHT >> 10)
          + " container's port is forwarded as an engine does it (veth and iptables' DNAT), and"
          + " reached without that as well; a machine's by Vivarium's NAT, without privileges."),
  /** How well it is kept from others. */
  NEIGHBOUR(
      "Noisy neighbour",
      "How many times as long the integer loop takes beside a second instance with the same limits:"
          + " one with more busy loops than this computer has processors, one that takes memory until"
          + " it is refused, and one that only starts processes (a fork bomb). 1 means that the"
          + " neighbour is not noticed. On the host, where nothing limits them, the last two are not"
          + " tried."),
  /** What a process can see and do. */
  ISOLATION(
      "Isolation",
      "What a script inside could see and do. Nothing that would change the host is tried on the"
          + " host itself."),
  /** What it makes the host's kernel do. */
  CALLS(
      "Host's system calls",
      "How many different system calls of the host, and how many in all, the script of the isolation's"
          + " questions causes, as strace counts them from outside: of a container, from right before"
          + " the process starts; of a machine, all threads of its process from right before its"
          + " first instruction, the guest's boot included. Measured once.");

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

  /** Whether it says the same with a machine in software emulation. */
  public boolean isApartFromEngine() {
    return this == SIZE || this == CREATE;
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
