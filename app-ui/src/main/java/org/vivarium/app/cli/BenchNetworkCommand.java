package org.vivarium.app.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.bench.net.NetBench;
import org.vivarium.app.doctor.LinuxHost;
import org.vivarium.images.ImageException;
import org.vivarium.vmm.VmmException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures cards beside QEMU's. */
@Command(
    name = BenchNetworkCommand.NAME,
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measure TCP between a guest and its host, both ways, one and four streams, and short"
          + " messages there and back: our user network beside QEMU's card behind passt, or both on a"
          + " TAP interface of this computer.",
      "Counts need root, debugfs and tracefs. Without hardware virtualization it runs in the"
          + " emulated computer, as vivarium bench does."
    },
    footer = {
      "",
      "Example:",
      "  vivarium bench network --rounds 5 --amount 2048",
      "  vivarium bench network --rows send-1,ping-pong",
      "  vivarium bench network --tap tap0",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class BenchNetworkCommand implements Callable<Integer> {
  static final String NAME = "network";

  @Mixin private BesideQemu beside = new BesideQemu();

  @Option(
      names = "--amount",
      paramLabel = "MIB",
      defaultValue = "32",
      description =
          "MiB moved by each row, and 64 messages there and back for each of them. Default: 32.")
  private int amount;

  @Option(
      names = "--mtu",
      paramLabel = "BYTES",
      defaultValue = "32750",
      description = "What QEMU's passt tells its guest. Default: 32750, which ours has.")
  private int mtu;

  @Option(
      names = "--tap",
      paramLabel = "DEVICE",
      description =
          "A TAP interface with an IPv4 address that both use instead of passt, QEMU with vhost-net."
              + " It has to be where the machines run: not in the emulated computer.")
  private @Nullable String tap;

  @Override
  public Integer call() throws VmmException, ImageException, InterruptedException {
    BesideQemu.check("--amount", amount, 1, 1 << 20);
    BesideQemu.check("--mtu", mtu, 1280, 65520);
    return beside.run(
        NAME,
        options(),
        (workload, fio) -> {
          NetBench.Plan plan =
              new NetBench.Plan(
                  workload,
                  fio,
                  beside.rounds,
                  amount,
                  beside.qemuMachine(),
                  mtu,
                  Optional.ofNullable(tap),
                  beside.rows,
                  beside.sides());
          new NetBench(plan, new LinuxHost(), System.err).run(System.out);
        });
  }

  private List<String> options() {
    List<String> options =
        new ArrayList<>(
            List.of("--amount", Integer.toString(amount), "--mtu", Integer.toString(mtu)));
    if (tap != null) {
      options.addAll(List.of("--tap", tap));
    }
    return options;
  }
}
