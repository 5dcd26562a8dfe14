package org.vivarium.app.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.VsockConfig;
import picocli.CommandLine.Option;

/** The options that give a machine its virtio devices. */
final class DeviceOptions {
  /** The guest's context identifier that everybody uses where nothing else is said. */
  private static final long DEFAULT_CID = 3;

  private static final String CID = "cid=";

  @Option(names = DiskOption.NAME, paramLabel = DiskOption.LABEL, description = DiskOption.HELP)
  private @Nullable List<String> disks;

  @Option(names = NetOption.NAME, paramLabel = NetOption.LABEL, description = NetOption.HELP)
  private @Nullable List<String> networks;

  @Option(
      names = "--rng",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "A source of entropy (virtio-rng). Default: there is one.")
  private boolean rng = true;

  @Option(
      names = "--balloon",
      description = "A memory balloon, which gives memory that the guest does not use back.")
  private boolean balloon;

  @Option(
      names = "--vsock",
      paramLabel = "SOCKET[,cid=N]",
      description =
          "Sockets between guest and host: a connection to the Unix socket SOCKET that says"
              + " \"CONNECT PORT\" reaches the guest, the guest's to port N reaches SOCKET_N.")
  private @Nullable String vsock;

  /**
   * The devices that were asked for.
   *
   * @throws InvalidConfigException naming the option and the word that is wrong
   */
  DeviceSet read() throws InvalidConfigException {
    DeviceSet devices =
        new DeviceSet(
            DiskOption.parse(disks),
            NetOption.parse(networks),
            rng,
            balloon,
            false,
            vsock == null ? null : vsock(vsock));
    devices.check();
    return devices;
  }

  private static VsockConfig vsock(String text) throws InvalidConfigException {
    List<String> words = OptionWords.split(text);
    long cid = DEFAULT_CID;
    for (String word : words.subList(1, words.size())) {
      if (!word.startsWith(CID)) {
        throw new InvalidConfigException(
            "Option --vsock: '%s' is not known; after the socket comes cid=.".formatted(word));
      }
      try {
        cid = Long.parseLong(word.substring(CID.length()));
      } catch (NumberFormatException e) {
        throw new InvalidConfigException(
            "Option --vsock: '%s' is no number.".formatted(word.substring(CID.length())), e);
      }
    }
    try {
      Path socket = Path.of(words.getFirst());
      if (words.getFirst().isEmpty()) {
        throw new InvalidConfigException(
            "Option --vsock: it begins with the path of a socket, such as /tmp/guest.sock.");
      }
      return new VsockConfig(cid, socket.toAbsolutePath().normalize());
    } catch (InvalidPathException e) {
      throw new InvalidConfigException(
          "Option --vsock: '%s' cannot be the name of a socket.".formatted(words.getFirst()), e);
    }
  }
}
