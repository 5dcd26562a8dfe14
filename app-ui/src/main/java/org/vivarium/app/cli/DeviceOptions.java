package org.vivarium.app.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.VsockConfig;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The options that give a machine its virtio devices; in code for the reason of {@link
 * BootCommand}.
 */
final class DeviceOptions {
  /** The guest's context identifier that everybody uses where nothing else is said. */
  private static final long DEFAULT_CID = 3;

  private static final String CID = "cid=";

  private final OptionSpec disks =
      words(DiskOption.NAME).paramLabel(DiskOption.LABEL).description(DiskOption.HELP).build();

  private final OptionSpec networks =
      words(NetOption.NAME).paramLabel(NetOption.LABEL).description(NetOption.HELP).build();

  private final OptionSpec rng =
      OptionSpec.builder("--rng")
          .type(boolean.class)
          .negatable(true)
          .defaultValue("true")
          .fallbackValue("true")
          .description("A source of entropy (virtio-rng). Default: there is one.")
          .build();

  private final OptionSpec balloon =
      OptionSpec.builder("--balloon")
          .type(boolean.class)
          .defaultValue("false")
          .description("A memory balloon, which gives memory that the guest does not use back.")
          .build();

  private final OptionSpec vsock =
      OptionSpec.builder("--vsock")
          .type(String.class)
          .paramLabel("SOCKET[,cid=N]")
          .description(
              "Sockets between guest and host: a connection to the Unix socket SOCKET that says"
                  + " \"CONNECT PORT\" reaches the guest, the guest's to port N reaches SOCKET_N.")
          .build();

  /** An option that may be given several times. */
  private static OptionSpec.Builder words(String name) {
    return OptionSpec.builder(name).type(List.class).auxiliaryTypes(String.class).arity("1");
  }

  /** Adds the options to a command; they are read by {@link #read} once it is executed. */
  void addTo(CommandSpec command) {
    command.addOption(disks).addOption(networks).addOption(rng).addOption(balloon).addOption(vsock);
  }

  /**
   * The devices that were asked for.
   *
   * @param console whether there is to be a virtio console
   * @throws InvalidConfigException naming the option and the word that is wrong
   */
  DeviceSet read(boolean console) throws InvalidConfigException {
    @Nullable String socket = vsock.getValue();
    DeviceSet devices =
        new DeviceSet(
            DiskOption.parse(disks.getValue()),
            NetOption.parse(networks.getValue()),
            rng.<Boolean>getValue(),
            balloon.<Boolean>getValue(),
            console,
            socket == null ? null : vsock(socket));
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
