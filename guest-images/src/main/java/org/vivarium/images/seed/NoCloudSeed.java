package org.vivarium.images.seed;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;

/**
 * The seed of images that their publishers made for cloud-init: a small read-only disk with the
 * label "cidata" (cloud-init, "NoCloud"). The network is left to cloud-init, which asks DHCP.
 */
public final class NoCloudSeed {
  /** The name of its file in the machine's folder. */
  public static final String FILE = "seed.iso";

  private NoCloudSeed() {}

  /**
   * Writes the disk into a folder, in place of a former one.
   *
   * @param keys ssh public keys that the image's user lets in, one line each
   * @return the disk, raw
   * @throws ImageException if it cannot be written
   */
  public static Path write(Path folder, MachineIdentity identity, List<String> keys)
      throws ImageException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("meta-data", bytes(metaData(identity)));
    files.put("user-data", bytes(userData(identity, keys)));
    try {
      DurableFiles.write(folder, FILE, Iso9660.image("cidata", files));
    } catch (IOException e) {
      throw new ImageException(
          "Cannot write the machine's seed into %s; check the free space.".formatted(folder), e);
    }
    return folder.resolve(FILE);
  }

  static String metaData(MachineIdentity identity) {
    return "instance-id: %s\nlocal-hostname: %s\n"
        .formatted(identity.instance(), identity.hostName());
  }

  static String userData(MachineIdentity identity, List<String> keys) {
    StringBuilder text = new StringBuilder("#cloud-config\n");
    text.append("hostname: ").append(identity.hostName()).append('\n');
    text.append("ssh_authorized_keys:\n");
    for (String key : keys) {
      // A key's line has neither quotes nor backslashes.
      text.append("  - \"").append(key).append("\"\n");
    }
    return text.toString();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
