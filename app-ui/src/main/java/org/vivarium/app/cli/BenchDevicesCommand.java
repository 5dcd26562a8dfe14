package org.vivarium.app.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.bench.disk.DiskBench;
import org.vivarium.app.doctor.LinuxHost;
import org.vivarium.images.ImageException;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures disks beside QEMU's. */
@Command(
    name = BenchDevicesCommand.NAME,
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measure fio in a guest on our disks, raw and qcow2, beside the same on QEMU's q35 with an"
          + " I/O thread: speed, and for a 4k request the exits, interrupts, system calls and"
          + " heap.",
      "Counts need root, debugfs and tracefs. Without hardware virtualization it runs in the"
          + " emulated computer, as vivarium bench does."
    },
    footer = {
      "",
      "Example:",
      "  vivarium bench devices --rounds 5 --requests 100000 --folder /var/tmp",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class BenchDevicesCommand implements Callable<Integer> {
  static final String NAME = "devices";

  @Mixin private BesideQemu beside = new BesideQemu();

  @Option(
      names = "--requests",
      paramLabel = "N",
      defaultValue = "4000",
      description =
          "4k requests of a row at depth 32; a quarter at depth 1, a sixteenth of 1 MiB."
              + " Default: 4000.")
  private int requests;

  @Option(
      names = "--warm-up",
      paramLabel = "SECONDS",
      defaultValue = "10",
      description =
          "Half of the time for which each disk is read and written as in its rows, before them,"
              + " so that the JVM has compiled what is measured. Default: 10.")
  private int warmUp;

  @Option(
      names = "--size",
      paramLabel = "MIB",
      defaultValue = "256",
      description = "Size of each of the two disks, MiB. Default: 256.")
  private int size;

  @Option(
      names = "--folder",
      paramLabel = "FOLDER",
      description = "Where the disks are made. Default: the folder of temporary files.")
  private @Nullable Path folder;

  @Option(
      names = "--aio",
      paramLabel = "WAY",
      defaultValue = "io_uring",
      description =
          "How images are accessed, on both sides: io_uring or threads. Default: io_uring.")
  private String aio = "io_uring";

  @Option(
      names = "--verify",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "One more boot of ours: the heap's figures, and fio's verification. Default: yes.")
  private boolean verify;

  @Override
  public Integer call() throws VmmException, ImageException, InterruptedException {
    check();
    return beside.run(
        NAME,
        words(),
        (workload, fio) -> {
          DiskBench.Plan plan =
              new DiskBench.Plan(
                  workload,
                  fio,
                  folder,
                  beside.rounds,
                  requests,
                  warmUp,
                  size,
                  beside.qemuMachine(),
                  aio,
                  beside.rows,
                  beside.sides(),
                  verify);
          new DiskBench(plan, new LinuxHost(), System.err).run(System.out);
        });
  }

  private void check() throws InvalidConfigException {
    BesideQemu.check("--requests", requests, 16, 1_000_000);
    BesideQemu.check("--warm-up", warmUp, 1, 3600);
    BesideQemu.check("--size", size, 16, 1 << 20);
    if (!aio.equals("io_uring") && !aio.equals("threads")) {
      throw new InvalidConfigException(
          "Option --aio: \"%s\" is neither io_uring nor threads.".formatted(aio));
    }
    Path parent = folder;
    if (parent != null && !Files.isDirectory(parent)) {
      throw new InvalidConfigException("Option --folder: %s is no folder.".formatted(parent));
    }
  }

  private List<String> words() {
    List<String> words = new ArrayList<>();
    words.addAll(List.of("--requests", Integer.toString(requests)));
    words.addAll(List.of("--warm-up", Integer.toString(warmUp)));
    words.addAll(List.of("--size", Integer.toString(size)));
    words.addAll(List.of("--aio", aio, verify ? "--verify" : "--no-verify"));
    Path parent = folder;
    if (parent != null) {
      words.addAll(List.of("--folder", parent.toString()));
    }
    return words;
  }
}
