package org.vivarium.devices.virtio.net;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.vivarium.kvm.UnixSocket;

/**
 * How passt is started.
 *
 * @param executable the program, or its name to be looked for in PATH
 * @param socket where passt listens for this process; in a folder of the user's alone. A socket
 *     that an earlier passt left there is replaced
 * @param forwards ports of the host that lead into the guest
 * @param mtu largest packet that passt tells the guest about, 1280 to {@link #LARGEST_MTU}
 */
public record PasstOptions(Path executable, Path socket, List<PasstForward> forwards, int mtu) {
  /** 802.3's 65535 bytes less its header, in whole words of 32 bits. */
  public static final int LARGEST_MTU = 65520;

  /** The largest whose frames go to passt in one piece. */
  public static final int MTU = FrameStream.LARGEST_WHOLE_FRAME - NetHeader.MIN_FRAME;

  private static final int SMALLEST_MTU = 1280;

  /** Checks the ranges and copies the list. */
  public PasstOptions {
    forwards = List.copyOf(forwards);
    if (mtu < SMALLEST_MTU || mtu > LARGEST_MTU) {
      throw new IllegalArgumentException(
          "Passt mtu %d is not from %d to %d".formatted(mtu, SMALLEST_MTU, LARGEST_MTU));
    }
    if (socket.toString().getBytes(StandardCharsets.UTF_8).length > UnixSocket.MAX_PATH_BYTES) {
      throw new IllegalArgumentException(
          "Passt socket " + socket + " has more than " + UnixSocket.MAX_PATH_BYTES + " bytes");
    }
  }

  /** The passt of this computer, with {@link #MTU}. */
  public static PasstOptions of(Path socket, List<PasstForward> forwards) {
    return new PasstOptions(Path.of("passt"), socket, forwards, MTU);
  }

  /** The same with another socket. */
  PasstOptions at(Path other) {
    return new PasstOptions(executable, other, forwards, mtu);
  }

  /** The same with other forwards. */
  public PasstOptions withForwards(List<PasstForward> others) {
    return new PasstOptions(executable, socket, others, mtu);
  }

  /**
   * The command line.
   *
   * @param root whether this process is root's. By default passt then becomes "nobody", who cannot
   *     make a socket in the user's folder; it gives up its capabilities either way
   */
  List<String> command(boolean root) {
    List<String> command = new ArrayList<>(base(root));
    command.addAll(words());
    return command;
  }

  private List<String> base(boolean root) {
    List<String> command =
        new ArrayList<>(
            List.of(executable.toString(), "-f", "-q", "-e", "-1", "-s", socket.toString()));
    if (root) {
      command.addAll(List.of("--runas", "0:0"));
    }
    return command;
  }

  /** The options for the packets' size and for forwarded ports. */
  List<String> words() {
    List<String> command = new ArrayList<>(List.of("-m", Integer.toString(mtu)));
    for (PasstForward.Protocol protocol : PasstForward.Protocol.values()) {
      boolean none = true;
      for (PasstForward forward : forwards) {
        if (forward.protocol() == protocol) {
          command.addAll(List.of(protocol.option(), forward.specification()));
          none = false;
        }
      }
      if (none) {
        // Said outright: passt forwards the UDP ports of forwarded TCP ports of its own accord.
        command.addAll(List.of(protocol.option(), "none"));
      }
    }
    return command;
  }
}
