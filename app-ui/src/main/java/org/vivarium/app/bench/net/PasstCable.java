package org.vivarium.app.bench.net;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Our user network beside QEMU's card behind a passt of its own.
 *
 * @param passt the program
 * @param mtu of the guest's card on QEMU's side
 */
record PasstCable(String passt, int mtu) implements Cable {
  @Override
  public String setup() {
    return """
        until ip route | grep -q default; do sleep 0.2; done
        gateway=$(ip route | awk '/default/ {print $3}')
        """;
  }

  @Override
  public InetAddress host() {
    return InetAddress.getLoopbackAddress();
  }

  @Override
  public String ours() {
    return "--net=user";
  }

  @Override
  public String qemus(Path socket) {
    return "stream,id=net,server=off,addr.type=unix,addr.path=" + socket;
  }

  @Override
  public List<String> helper(Path socket) {
    List<String> command = new ArrayList<>(List.of(passt, "-f", "-q", "-e", "-1"));
    command.addAll(List.of("-s", socket.toString(), "-m", Integer.toString(mtu)));
    command.addAll(List.of("-t", "none", "-u", "none"));
    if ("root".equals(System.getProperty("user.name"))) {
      command.addAll(List.of("--runas", "0:0"));
    }
    return command;
  }

  @Override
  public String description() {
    return "passt on both sides, MTU " + mtu + " on QEMU's";
  }
}
