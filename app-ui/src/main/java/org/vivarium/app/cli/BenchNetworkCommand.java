package org.vivarium.app.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Rig;
import org.vivarium.app.bench.Side;
import org.vivarium.app.bench.net.NetBench;
import org.vivarium.app.doctor.LinuxHost;
import org.vivarium.images.ImageException;
import org.vivarium.vmm.Engines;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.engine.EngineChoice;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures the user network beside QEMU's. */
@Command(
    name = BenchNetworkCommand.NAME,
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measure TCP between a guest and its host, both ways, one and four streams, and short"
          + " messages there and back: our user network beside QEMU's card behind passt.",
      "Counts need root, debugfs and tracefs. Without hardware virtualization it runs in the"
          + " emulated computer, as vivarium bench does."
    },
    footer = {
      "",
      "Example:",
      "  vivarium bench network --rounds 5 --amount 2048",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class BenchNetworkCommand implements Callable<Integer> {
  static final String NAME = "network";

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "Rounds, each a boot on both sides. Default: 3.")
  private int rounds;

  @Option(
      names = "--amount",
      paramLabel = "MIB",
      defaultValue = "32",
      description =
          "MiB moved by each row, and 64 messages there and back for each of them. Default: 32.")
  private int amount;

  @Option(
      names = "--rows",
      paramLabel = "NAME",
      split = ",",
      description =
          "Only rows whose names hold one of these: send-1, send-4, receive-1, receive-4,"
              + " ping-pong. Default: all.")
  private List<String> rows = List.of();

  @Option(
      names = "--side",
      paramLabel = "SIDE",
      description = "Only vivarium, or only qemu. Default: both.")
  private @Nullable Side side;

  @Option(
      names = "--machine",
      paramLabel = "MACHINE",
      defaultValue = "q35",
      description = "QEMU's machine: q35 or microvm. Default: q35.")
  private String machine = "q35";

  @Option(
      names = "--mtu",
      paramLabel = "BYTES",
      defaultValue = "32750",
      description = "What QEMU's passt tells its guest. Default: 32750, which ours has.")
  private int mtu;

  @Option(
      names = "--fio",
      paramLabel = "FILE",
      description = "A disk with fio that was made before. Default: made from Debian's packages.")
  private @Nullable Path fio;

  @Option(names = "--here", description = "Measure on this computer, never in the emulated one.")
  private boolean here;

  @Override
  public Integer call() throws VmmException, ImageException, InterruptedException {
    BenchDevicesCommand.check("--rounds", rounds, 1, 100);
    BenchDevicesCommand.check("--amount", amount, 1, 1 << 20);
    BenchDevicesCommand.check("--mtu", mtu, 1280, 65520);
    BenchDevicesCommand.checkMachine(machine);
    Optional<Path> launcher =
        Optional.ofNullable(System.getenv(BenchCommand.LAUNCHER)).map(Path::of);
    try {
      EngineChoice.Decision decision = Engines.choice().decide(EngineChoice.Request.AUTO);
      if (decision.engine().equals("kvm")) {
        NetBench.Plan plan =
            new NetBench.Plan(
                BenchDevicesCommand.workload(),
                BenchDevicesCommand.fioDisk(fio),
                rounds,
                amount,
                BenchDevicesCommand.machine(machine),
                mtu,
                rows,
                BenchDevicesCommand.sides(side));
        new NetBench(plan, new LinuxHost(), System.err).run(System.out);
        return ExitStatus.OK;
      }
      Rig rig = Rig.instead(launcher, here, decision.reason());
      // Made here, so that it is there the next time too.
      BenchDevicesCommand.workload();
      return rig.run(wordsForRig(BenchDevicesCommand.fioDisk(fio)), null);
    } catch (BenchException e) {
      throw new VmmException(e.getMessage(), e);
    }
  }

  private List<String> wordsForRig(Path disk) {
    List<String> words = new ArrayList<>(List.of(BenchCommand.NAME, NAME, "--here"));
    words.addAll(List.of("--rounds", Integer.toString(rounds)));
    words.addAll(List.of("--amount", Integer.toString(amount)));
    words.addAll(List.of("--machine", machine, "--mtu", Integer.toString(mtu)));
    if (!rows.isEmpty()) {
      words.addAll(List.of("--rows", String.join(",", rows)));
    }
    Side only = side;
    if (only != null) {
      words.addAll(List.of("--side", only.name().toLowerCase(Locale.ROOT)));
    }
    words.addAll(List.of("--fio", disk.toString()));
    return words;
  }
}
