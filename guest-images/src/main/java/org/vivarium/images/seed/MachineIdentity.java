package org.vivarium.images.seed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.Pattern;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;

/**
 * What makes a machine different from the ones that share its disk's content. Kept in the machine's
 * folder; a clone's folder has none yet, so a clone gets its own.
 *
 * @param instance the same as long as the machine is: a new one makes the guest new host keys
 * @param hostName the guest's name: 1 to 63 of a-z, 0-9 and '-'
 * @param machineId systemd's machine-id: 32 hexadecimal digits, not all zero
 */
public record MachineIdentity(String instance, String hostName, String machineId) {
  /** The name of its file in the machine's folder. */
  public static final String FILE = "identity";

  private static final Pattern WORD = Pattern.compile("[a-z0-9][a-z0-9-]{0,63}");
  private static final Pattern HOST = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
  private static final Pattern ID = Pattern.compile("(?!0{32})[0-9a-f]{32}");

  /** Checks the fields. */
  public MachineIdentity {
    if (!WORD.matcher(instance).matches()
        || !HOST.matcher(hostName).matches()
        || !ID.matcher(machineId).matches()) {
      throw new IllegalArgumentException(
          "Identity %s, %s, %s is malformed.".formatted(instance, hostName, machineId));
    }
  }

  /** Makes a new identity for a machine of that name. */
  public static MachineIdentity create(String name) {
    String id = UUID.randomUUID().toString().replace("-", "");
    return new MachineIdentity(UUID.randomUUID().toString(), hostName(name), id);
  }

  /** The nearest host name to a machine's name. */
  static String hostName(String name) {
    String host = name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    host = host.replaceAll("^-", "");
    host = host.substring(0, Math.min(host.length(), 63)).replaceAll("-$", "");
    return host.isEmpty() ? "machine" : host;
  }

  /**
   * Returns the identity of the machine in a folder; makes one where there is none.
   *
   * @param folder the machine's folder, which exists
   * @param name the machine's name
   * @throws ImageException if the file cannot be read or written
   */
  public static MachineIdentity of(Path folder, String name) throws ImageException {
    Path file = folder.resolve(FILE);
    try {
      List<String> lines = Files.readAllLines(file);
      return new MachineIdentity(lines.get(0), lines.get(1), lines.get(2));
    } catch (NoSuchFileException _) {
      return write(folder, create(name));
    } catch (IOException | IndexOutOfBoundsException | IllegalArgumentException e) {
      throw new ImageException(
          "Cannot read the machine's identity in %s; delete the file to give it a new one."
              .formatted(file),
          e);
    }
  }

  private static MachineIdentity write(Path folder, MachineIdentity made) throws ImageException {
    String text = String.join("\n", made.instance, made.hostName, made.machineId, "");
    try {
      DurableFiles.write(folder, FILE, text.getBytes(DurableFiles.TEXT));
      return made;
    } catch (IOException e) {
      throw new ImageException("Cannot write into the folder %s.".formatted(folder), e);
    }
  }
}
