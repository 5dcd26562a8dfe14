package org.vivarium.images.ssh;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How a guest is reached by ssh.
 *
 * @param user who logs in
 * @param host where the port is, usually this computer's loopback address
 * @param port the host's port that is forwarded to the guest's port 22, 1 to 65535
 * @param key the private key's file
 * @param knownHosts where ssh keeps the guest's host key, a file of the machine's own
 */
public record SshAccess(String user, String host, int port, Path key, Path knownHosts) {
  /** Checks the port. */
  public SshAccess {
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("Port " + port + " is not within 1 to 65535.");
    }
  }

  /** Access to a machine whose folder is given, over a port of the loopback address. */
  public static SshAccess of(String user, int port, SshKeys keys, Path machineFolder) {
    Path known = machineFolder.toAbsolutePath().resolve("known_hosts");
    return new SshAccess(user, "127.0.0.1", port, keys.privateKey(), known);
  }

  /**
   * Returns the command that logs in, or runs a command there. It takes nothing from the user's own
   * ssh settings; a host key is believed at first sight and held to from then on.
   *
   * @param remote the command and its arguments; empty to log in
   */
  public List<String> command(List<String> remote) {
    List<String> command = new ArrayList<>(List.of("ssh", "-F", "none", "-i", key.toString()));
    command.addAll(List.of("-p", String.valueOf(port), "-l", user));
    for (String option :
        List.of(
            "IdentitiesOnly=yes",
            "StrictHostKeyChecking=accept-new",
            "UserKnownHostsFile=\"" + knownHosts + "\"",
            "LogLevel=ERROR")) {
      command.addAll(List.of("-o", option));
    }
    command.add(host);
    command.addAll(remote);
    return command;
  }
}
