package org.vivarium.app.bench.disk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.vivarium.app.bench.Workload;

/**
 * The guest that fio runs in: Tiny Linux with four disks, on either side.
 *
 * @param workload kernel, initial RAM disk and memory; the command line is completed here
 * @param raw a disk to be overwritten
 * @param qcow2 another
 * @param fio the disk with fio
 * @param script a disk whose bytes are the guest's shell script
 */
record FioGuest(Workload workload, Path raw, Path qcow2, Path fio, Path script) {
  /** All of the job file but its sections. */
  private static final String GLOBAL =
      """
      [global]
      ioengine=libaio
      direct=1
      thread
      norandommap
      randrepeat=0
      group_reporting
      """;

  private static final String SETUP = "mount -t ext4 -o ro /dev/vdc /mnt || exit 1\n";

  /**
   * Writes the guest's script.
   *
   * @param pause seconds before and after each job
   * @param sections what fio is to do, one after the other
   */
  void write(String pause, List<String> sections) throws IOException {
    new FioScript(SETUP, GLOBAL, pause).write(script, sections);
  }

  private String commandLine() {
    return workload.commandLine() + FioScript.start("/dev/vdd");
  }

  /** The words of {@code vivarium} that run it. */
  List<String> ours() {
    List<String> words = new ArrayList<>(List.of("boot", "--engine", "kvm"));
    words.addAll(List.of("--memory", workload.memoryMib() + "M"));
    words.addAll(List.of("--kernel", workload.kernel().toString()));
    words.addAll(List.of("--initrd", workload.initrd().toString()));
    words.addAll(List.of("--append", commandLine(), "--no-rng"));
    words.addAll(List.of("--disk", doubled(raw) + ",format=raw"));
    words.addAll(List.of("--disk", doubled(qcow2) + ",format=qcow2"));
    words.addAll(List.of("--disk", doubled(fio) + ",format=raw,ro"));
    words.addAll(List.of("--disk", doubled(script) + ",format=raw,ro"));
    return words;
  }

  /**
   * The command line of QEMU that runs it, with one I/O thread for the disks.
   *
   * @param machine QEMU's machine with its options
   * @param aio how QEMU accesses files: io_uring or threads
   */
  List<String> qemus(String program, String machine, String aio) {
    List<String> command = new ArrayList<>(List.of(program, "-M", machine, "-accel", "kvm"));
    command.addAll(List.of("-cpu", "host", "-smp", "1", "-m", workload.memoryMib() + "M"));
    command.addAll(List.of("-no-user-config", "-nodefaults", "-no-reboot", "-nographic"));
    command.addAll(
        List.of("-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"));
    command.addAll(List.of("-object", "iothread,id=io"));
    disk(command, "raw", doubled(raw) + ",format=raw", aio);
    disk(command, "qcow2", doubled(qcow2) + ",format=qcow2", aio);
    disk(command, "fio", doubled(fio) + ",format=raw,readonly=on", aio);
    disk(command, "script", doubled(script) + ",format=raw,readonly=on", aio);
    command.addAll(List.of("-kernel", workload.kernel().toString()));
    command.addAll(List.of("-initrd", workload.initrd().toString()));
    command.addAll(List.of("-append", commandLine()));
    return command;
  }

  private static void disk(List<String> command, String id, String file, String aio) {
    command.add("-drive");
    command.add("if=none,id=" + id + ",discard=unmap,aio=" + aio + ",file=" + file);
    command.add("-device");
    command.add("virtio-blk-pci,iothread=io,drive=" + id);
  }

  private static String doubled(Path file) {
    return file.toString().replace(",", ",,");
  }
}
