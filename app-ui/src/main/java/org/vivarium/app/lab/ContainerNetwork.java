package org.vivarium.app.lab;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.vivarium.app.bench.BenchException;

/**
 * A container's way to the host as an engine makes it: a pair of cards (veth), one of them in the
 * container's network namespace, and a forwarded port (iptables, DNAT). Needs root.
 */
final class ContainerNetwork implements Link {
  /** Addresses for the tests of networks, which nobody else uses (RFC 2544). */
  private static final String HOST = "198.18.77.1";

  private static final String CONTAINER = "198.18.77.2";
  private static final int FORWARDED = 15_007;
  private static final String CARD = "viv-lab0";

  private final Exec exec;
  private final int port;
  private final List<String> rule;
  private final String lacking;

  private ContainerNetwork(Exec exec, int port, List<String> rule, String lacking) {
    this.exec = exec;
    this.port = port;
    this.rule = rule;
    this.lacking = lacking;
  }

  /**
   * Sets it up.
   *
   * @param pid of a process in the container's network namespace
   * @param port that the container listens on
   */
  static ContainerNetwork make(Exec exec, long pid, int port) throws BenchException {
    String inside = Long.toString(pid);
    exec.run(words("ip link add " + CARD + " type veth peer name eth0 netns " + inside));
    exec.run(words("ip address add " + HOST + "/30 dev " + CARD));
    exec.run(words("ip link set " + CARD + " up"));
    exec.run(words("nsenter -n -t " + inside + " ip address add " + CONTAINER + "/30 dev eth0"));
    exec.run(words("nsenter -n -t " + inside + " ip link set eth0 up"));
    List<String> rule =
        words(
            "OUTPUT -t nat -p tcp -d %s --dport %d -j DNAT --to-destination %s:%d"
                .formatted(HOST, FORWARDED, CONTAINER, port));
    String lacking = "";
    try {
      exec.run(iptables("-A", rule));
    } catch (BenchException e) {
      lacking = "The container's port is reached without NAT alone: " + e.getMessage();
    }
    return new ContainerNetwork(exec, port, rule, lacking);
  }

  private static List<String> words(String line) {
    return List.of(line.split(" "));
  }

  private static List<String> iptables(String verb, List<String> rule) {
    List<String> command = new ArrayList<>(List.of("iptables", verb));
    command.addAll(rule);
    return command;
  }

  @Override
  public Optional<InetSocketAddress> forwarded() {
    return lacking.isEmpty()
        ? Optional.of(new InetSocketAddress(HOST, FORWARDED))
        : Optional.empty();
  }

  @Override
  public String lacking() {
    return lacking;
  }

  @Override
  public Optional<InetSocketAddress> direct() {
    return Optional.of(new InetSocketAddress(CONTAINER, port));
  }

  /** Takes the rule away; the cards go with the container. */
  @Override
  public void close() throws BenchException {
    if (lacking.isEmpty()) {
      exec.run(iptables("-D", rule));
    }
  }
}
