package org.vivarium.images.seed;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/** The seed of our own recipes: words of the kernel command line. Stateless. */
public final class KernelSeed {
  private KernelSeed() {}

  /**
   * Returns the words that tell a guest its name, identity and keys.
   *
   * @param keys ssh public keys that may log in, one line each
   */
  public static String words(MachineIdentity identity, List<String> keys) {
    StringBuilder text = new StringBuilder();
    text.append("instance=").append(identity.instance()).append('\n');
    text.append("host=").append(identity.hostName()).append('\n');
    for (String key : keys) {
      text.append("key=").append(key).append('\n');
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    // systemd itself takes the machine-id, before anything else can have read another one.
    return "systemd.machine_id=%s vivarium.seed=%s"
        .formatted(identity.machineId(), Base64.getEncoder().encodeToString(bytes));
  }
}
