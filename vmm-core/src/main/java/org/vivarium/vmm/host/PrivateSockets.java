package org.vivarium.vmm.host;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;

/**
 * A folder that only its owner may enter (mode 0700), for sockets to processes that serve one
 * machine. Closing removes it and its sockets; connections that are open live on. Any thread may
 * close it.
 */
public final class PrivateSockets implements AutoCloseable {
  private static final LazyLogger LOG = LazyLogger.of(PrivateSockets.class);

  /** Longest path of a Unix socket, bytes (unix(7): sun_path has 108 with its NUL). */
  public static final int MAX_SOCKET_PATH = 107;

  /** Mode 0700. */
  public static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");

  private static final int MAX_TRIES = 100;

  private final Path folder;
  private final List<ServerSocketChannel> listeners = new ArrayList<>();

  private PrivateSockets(Path folder) {
    this.folder = folder;
  }

  /**
   * Makes a folder in the first of these places that takes one.
   *
   * @param prefix how its name begins
   * @throws VmmException if none does
   */
  public static PrivateSockets in(String prefix, List<Path> places) throws VmmException {
    IOException last = new IOException("nowhere to look");
    for (Path place : places) {
      try {
        return new PrivateSockets(make(place, prefix));
      } catch (IOException e) {
        last = e;
      }
    }
    throw new VmmException(
        "No folder for sockets could be made in any of %s.".formatted(places), last);
  }

  /**
   * Makes a folder of a new name. It is no secret: whoever guesses it can only make us choose
   * another. A secret one would start all of Java's security providers, 25 ms of a start.
   */
  private static Path make(Path place, String prefix) throws IOException {
    for (int tries = 0; ; tries++) {
      long number = ThreadLocalRandom.current().nextLong();
      Path folder = place.resolve(prefix + Long.toUnsignedString(number));
      try {
        return Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
      } catch (FileAlreadyExistsException e) {
        if (tries == MAX_TRIES) {
          throw e;
        }
      }
    }
  }

  /** Where sockets belong: the user's run-time folder, else the folder for temporary files. */
  public static List<Path> usualPlaces() {
    List<Path> places = new ArrayList<>();
    String runtime = System.getenv("XDG_RUNTIME_DIR");
    if (runtime != null && !runtime.isEmpty()) {
      places.add(Path.of(runtime));
    }
    places.add(Path.of(System.getProperty("java.io.tmpdir")));
    return List.copyOf(places);
  }

  /** Whether the path is short enough for a socket. */
  public static boolean fits(Path socket) {
    return socket.toString().getBytes(StandardCharsets.UTF_8).length <= MAX_SOCKET_PATH;
  }

  /**
   * Checks that the path is short enough for a socket.
   *
   * @throws VmmException if it is not, with the remedy
   */
  public static void checkLength(Path socket) throws VmmException {
    if (!fits(socket)) {
      throw new VmmException(
          "The path %s is too long for a socket: set XDG_RUNTIME_DIR to a folder with a short path."
              .formatted(socket));
    }
  }

  /**
   * Listens on a new socket in the folder.
   *
   * @throws VmmException if the path is too long for a socket, or the host refuses
   */
  public synchronized ServerSocketChannel listen(Path socket) throws VmmException {
    checkLength(socket);
    try {
      ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      listeners.add(listener);
      return listener.bind(UnixDomainSocketAddress.of(socket), 1);
    } catch (IOException e) {
      throw new VmmException("The socket %s cannot be made.".formatted(socket), e);
    }
  }

  /** The folder. */
  public Path folder() {
    return folder;
  }

  /** The path of a socket in the folder. */
  public Path socket(String name) {
    return folder.resolve(name);
  }

  /** Stops listening, which wakes whoever waits to accept; again does nothing. */
  public synchronized void stopListening() {
    try {
      for (ServerSocketChannel listener : listeners) {
        listener.close();
      }
    } catch (IOException e) {
      LOG.warn("A socket in {} could not be closed", folder, e);
    }
  }

  /** Stops listening and removes the folder with all that is in it. */
  @Override
  public synchronized void close() {
    stopListening();
    try {
      if (Files.isDirectory(folder)) {
        try (var files = Files.newDirectoryStream(folder)) {
          for (Path file : files) {
            Files.deleteIfExists(file);
          }
        }
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      LOG.warn("The folder {} could not be removed", folder, e);
    }
  }
}
