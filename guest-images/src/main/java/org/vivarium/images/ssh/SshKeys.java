package org.vivarium.images.ssh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.regex.Pattern;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.store.ImageStore;

/**
 * The owner's ssh key pair, an Ed25519 one in OpenSSH's files. It is made when it is first asked
 * for, without a passphrase, and readable to its owner only.
 *
 * @param privateKey the file for {@code ssh -i}
 * @param publicKey the line that guests let in
 */
public record SshKeys(Path privateKey, String publicKey) {
  private static final String NAME = "id_ed25519";

  /** One line of OpenSSH's public key file, without options. */
  private static final Pattern LINE =
      Pattern.compile("[a-z0-9-]{3,40} [A-Za-z0-9+/]{40,1000}={0,2}( [!-~ ]{0,200})?");

  /**
   * Returns the key pair of a home folder; makes it where there is none.
   *
   * @param home the folder in which {@code ssh/} lies
   * @throws ImageException if it cannot be read or written
   */
  public static SshKeys of(Path home) throws ImageException {
    Path folder = home.toAbsolutePath().resolve("ssh");
    Path key = folder.resolve(NAME);
    if (!Files.exists(key)) {
      make(folder, key);
    }
    Path file = folder.resolve(NAME + ".pub");
    try {
      String line = Files.readString(file).strip();
      if (LINE.matcher(line).matches()) {
        return new SshKeys(key, line);
      }
    } catch (IOException e) {
      throw new ImageException(
          "Cannot read the public key %s; restore it with ssh-keygen -y.".formatted(file), e);
    }
    throw new ImageException(
        "The file %s is no ssh public key; restore it with ssh-keygen -y.".formatted(file));
  }

  private static void make(Path folder, Path key) throws ImageException {
    try {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException e) {
      throw new ImageException(
          "Cannot make the folder %s; check its permissions.".formatted(folder), e);
    }
    new ImageStore(folder)
        .alone(
            () -> {
              if (!Files.exists(key)) {
                OpenSshKey made = OpenSshKey.generate("vivarium");
                byte[] line = (made.publicLine() + "\n").getBytes(DurableFiles.TEXT);
                DurableFiles.write(folder, NAME + ".pub", line);
                // The private key last: where it is, so is the other.
                byte[] text = made.privateFile().getBytes(DurableFiles.TEXT);
                DurableFiles.write(folder, NAME, text);
              }
              return key;
            });
  }
}
