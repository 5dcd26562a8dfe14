package org.vivarium.app.machines;

import java.nio.file.Path;
import java.util.Map;
import org.vivarium.images.ImageException;
import org.vivarium.images.catalog.Catalogue;
import org.vivarium.images.catalog.CatalogueEntry;
import org.vivarium.images.ssh.SshAccess;
import org.vivarium.images.ssh.SshKeys;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;

/** The way into a machine by ssh. */
public final class SshLogin {
  private SshLogin() {}

  /**
   * Finds the way in: the guest's user, the forwarded port, the owner's key.
   *
   * @param home the home folder, with the key
   * @param folder the machine's folder
   * @param environment the process's environment
   * @throws VmmException with the remedy, if there is none
   */
  public static SshAccess find(
      Path home, VmDefinition definition, Path folder, Map<String, String> environment)
      throws VmmException, ImageException {
    String user = user(home, definition, environment);
    PortForward forward =
        SshForward.find(definition).orElseThrow(() -> new VmmException(noForward(definition)));
    SshAccess access = SshAccess.of(user, forward.hostPort(), SshKeys.of(home), folder);
    return at(access, forward.hostAddress());
  }

  /** Who logs in: only guests that Vivarium made let its key in. */
  private static String user(Path home, VmDefinition definition, Map<String, String> environment)
      throws VmmException, ImageException {
    if (definition.guest() instanceof GuestSource.Catalogue(String entry, String _)) {
      CatalogueEntry guest = Catalogue.open(home, environment).entry(entry);
      if (!guest.user().isEmpty()) {
        return guest.user();
      }
    }
    throw new VmmException(
        "The guest of machine %s has no ssh that lets you in; 'vivarium console %s' shows its console."
            .formatted(definition.name(), definition.name()));
  }

  private static String noForward(VmDefinition definition) {
    String name = definition.name();
    boolean user =
        definition.devices().networks().stream()
            .anyMatch(card -> card.backend() instanceof NetBackend.User);
    return user
        ? "No port leads to port 22 of machine %s; 'vivarium net forward %s --add tcp:2222:22' makes one."
            .formatted(name, name)
        : "Machine %s has no card on the user network, which ssh goes through; create it with --net user,forward=tcp:2222:22."
            .formatted(name);
  }

  /** A wildcard address is listened on, not connected to. */
  private static SshAccess at(SshAccess access, String address) {
    String host =
        switch (address) {
          case "0.0.0.0" -> access.host();
          case "::" -> "::1";
          default -> address;
        };
    return new SshAccess(access.user(), host, access.port(), access.key(), access.knownHosts());
  }
}
