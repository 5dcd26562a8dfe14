package org.vivarium.vmm.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import java.util.zip.Checksum;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.host.PrivateSockets;

/**
 * The folder of a running machine's sockets, which only its owner may enter (mode 0700).
 *
 * @param path the folder, short enough for sockets in it
 */
public record SocketFolder(Path path) {
  private static final LazyLogger LOG = LazyLogger.of(SocketFolder.class);

  /** Beside the machines' own folders, those of private segments; no machine can be called so. */
  public static final String SEGMENTS = "@segments";

  /** An empty folder on which processes with a root folder of their own build it. */
  public static final String ROOT = "@root";

  /** The control socket. */
  public Path control() {
    return path.resolve("control.sock");
  }

  /** The serial console's socket. */
  public Path serial() {
    return path.resolve("serial.sock");
  }

  /** The virtio console's socket. */
  public Path virtio() {
    return path.resolve("virtio.sock");
  }

  /**
   * Where a virtio-vsock device listens for connections to the guest; the guest's own go to this
   * name with a port behind it.
   */
  public Path vsock() {
    return path.resolve("vsock");
  }

  /**
   * Makes the folder of a machine, whose lock the caller holds: {@code
   * $XDG_RUNTIME_DIR/vivarium/NAME}, or below {@code /tmp/vivarium-UID} where that variable is not
   * set. Machines of another home than the usual one have its digest in their name, and so have
   * those whose path would be too long for a socket.
   *
   * @throws VmmException if no such folder can be had
   */
  public static SocketFolder make(Folders folders, String name, Map<String, String> environment)
      throws VmmException {
    String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
    try {
      Path base =
          runtime.startsWith("/")
              ? Path.of(runtime, "vivarium")
              : Path.of(
                  "/tmp", "vivarium-" + Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
      Path home = folders.home().toAbsolutePath().normalize();
      boolean usual = home.equals(Folders.usualHome(environment));
      Path path = base.resolve(usual ? name : name + "@" + digest(home.toString()).substring(0, 8));
      if (!PrivateSockets.fits(new SocketFolder(path).control())) {
        path = base.resolve("@" + digest(home + "/" + name).substring(0, 16));
      }
      PrivateSockets.checkLength(new SocketFolder(path).control());
      makePrivate(base);
      makePrivate(path);
      return new SocketFolder(path);
    } catch (IOException e) {
      throw HostErrors.refusal("No folder for the machine's sockets can be made", e);
    }
  }

  /** In /tmp anybody may have been there first, so what is there is looked at. */
  private static void makePrivate(Path folder) throws IOException, VmmException {
    Files.createDirectories(folder.getParent());
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectory(
          folder, PosixFilePermissions.asFileAttribute(PrivateSockets.OWNER_ONLY));
    }
    Object owner = Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    if (!owner.equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))) {
      throw new VmmException(
          "The folder %s for sockets belongs to another user; remove it or set XDG_RUNTIME_DIR."
              .formatted(folder));
    }
    // A confined process finds it as it should be, and could not change it.
    if (!Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS)
        .equals(PrivateSockets.OWNER_ONLY)) {
      Files.setPosixFilePermissions(folder, PrivateSockets.OWNER_ONLY);
    }
  }

  /**
   * 16 digits that tell a person's homes and machines apart; nobody gains by two that are the same,
   * and a cryptographic hash would start all of Java's security providers, 20 ms of a start.
   */
  private static String digest(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return checksum(new CRC32C(), bytes) + checksum(new CRC32(), bytes);
  }

  private static String checksum(Checksum sum, byte[] bytes) {
    sum.update(bytes);
    return HexFormat.of().toHexDigits((int) sum.getValue());
  }

  /** Removes the sockets and the folder, as far as that goes: what stays is cleared next time. */
  public void remove() {
    try {
      clear();
      Files.deleteIfExists(path);
    } catch (VmmException | IOException e) {
      LOG.debug("{} stays behind", path, e);
    }
  }

  /** Removes the sockets that an earlier process left behind, or this one's own. */
  public void clear() throws VmmException {
    try {
      for (Path socket : List.of(control(), serial(), virtio(), vsock())) {
        Files.deleteIfExists(socket);
      }
    } catch (IOException e) {
      throw HostErrors.refusal("A socket in %s cannot be removed".formatted(path), e);
    }
  }
}
