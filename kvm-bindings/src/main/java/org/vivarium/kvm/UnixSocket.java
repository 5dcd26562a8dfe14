package org.vivarium.kvm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.ffi.Linux;

/**
 * A socket in the file system (unix(7)): a stream, a listener for streams, or datagrams.
 *
 * <p>Non-blocking: wait with {@link Epoll}. Any thread. Transfers allocate nothing, and a peer that
 * has gone is a result, neither an exception nor a signal.
 */
public final class UnixSocket extends FileDescriptor {
  /** The answer where a transfer would have to wait. */
  public static final long WOULD_BLOCK = -1;

  /** The answer where there is no other end any more. */
  public static final long CLOSED = -2;

  /** Longest path of a socket, in bytes. */
  public static final int MAX_PATH_BYTES =
      LinuxLayouts.SockaddrUn.SIZE - LinuxLayouts.SockaddrUn.SUN_PATH - 1;

  /** The name of a socket in the form that the kernel takes, made once for many sends. */
  public static final class Address {
    private final KernelStruct bytes;

    /**
     * @throws KvmException ENAMETOOLONG if the path has more than {@link #MAX_PATH_BYTES} bytes
     */
    public Address(Path path) throws KvmException {
      byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
      if (name.length > MAX_PATH_BYTES) {
        throw new KvmException(
            "use socket " + path + ", whose path has more than " + MAX_PATH_BYTES + " bytes",
            Errno.ENAMETOOLONG);
      }
      bytes = new KernelStruct(Arena.ofAuto(), LinuxLayouts.SockaddrUn.SIZE);
      bytes.putShort(LinuxLayouts.SockaddrUn.SUN_FAMILY, Linux.AF_UNIX());
      bytes.putBytes(LinuxLayouts.SockaddrUn.SUN_PATH, name);
    }
  }

  private UnixSocket(long fd) {
    super((int) fd);
  }

  /**
   * Connects a stream.
   *
   * @throws KvmException ENOENT or ECONNREFUSED if nobody listens there, EAGAIN if too many wait
   */
  public static UnixSocket connect(Path path) throws KvmException {
    Address address = new Address(path);
    UnixSocket socket = make(Linux.SOCK_STREAM());
    return socket.orClose(
        // SAFETY: a whole struct sockaddr_un that lives until the call returns.
        NativeCalls.call(
            Linux.SYS_connect(),
            socket.fd(),
            address.bytes.address(),
            LinuxLayouts.SockaddrUn.SIZE),
        "connect to socket " + path);
  }

  /**
   * Listens for streams; the path must be free.
   *
   * @param backlog connections that may wait to be accepted
   * @throws KvmException EADDRINUSE if there is a file of that name
   */
  public static UnixSocket listen(Path path, int backlog) throws KvmException {
    UnixSocket socket = bind(path, Linux.SOCK_STREAM());
    return socket.orClose(
        NativeCalls.call(Linux.SYS_listen(), socket.fd(), backlog), "listen at socket " + path);
  }

  /**
   * Receives datagrams at a path, which must be free, and sends them from there.
   *
   * @throws KvmException EADDRINUSE if there is a file of that name
   */
  public static UnixSocket datagrams(Path path) throws KvmException {
    return bind(path, Linux.SOCK_DGRAM());
  }

  /** Makes two streams that are connected to each other. */
  public static List<UnixSocket> pair() throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct fds = new KernelStruct(scratch, 2 * Integer.BYTES);
      // SAFETY: fds has room for two ints and lives until the call returns.
      KvmException.check(
          NativeCalls.call(
              Linux.SYS_socketpair(),
              Linux.AF_UNIX(),
              Linux.SOCK_STREAM() | flags(),
              0,
              fds.address()),
          "make a pair of sockets");
      return List.of(new UnixSocket(fds.getInt(0)), new UnixSocket(fds.getInt(Integer.BYTES)));
    }
  }

  /**
   * Deletes the socket that a process which has died left at a path; a file of another kind stays.
   *
   * @throws IOException if it cannot be deleted
   */
  public static void deleteStale(Path path) throws IOException {
    boolean special =
        Files.exists(path, LinkOption.NOFOLLOW_LINKS)
            && Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isOther();
    if (special) {
      Files.deleteIfExists(path);
    }
  }

  private static int flags() {
    return Linux.SOCK_NONBLOCK() | Linux.SOCK_CLOEXEC();
  }

  private static UnixSocket make(int type) throws KvmException {
    long fd = NativeCalls.call(Linux.SYS_socket(), Linux.AF_UNIX(), type | flags(), 0);
    return new UnixSocket(KvmException.check(fd, "make a socket"));
  }

  private static UnixSocket bind(Path path, int type) throws KvmException {
    Address address = new Address(path);
    UnixSocket socket = make(type);
    return socket.orClose(
        // SAFETY: a whole struct sockaddr_un that lives until the call returns.
        NativeCalls.call(
            Linux.SYS_bind(), socket.fd(), address.bytes.address(), LinuxLayouts.SockaddrUn.SIZE),
        "make socket " + path);
  }

  private UnixSocket orClose(long result, String operation) throws KvmException {
    if (result < 0) {
      close();
      throw new KvmException(operation, (int) -result);
    }
    return this;
  }

  /** Takes a connection that waits, or null if there is none. */
  public @Nullable UnixSocket accept() throws KvmException {
    long fd = NativeCalls.call(Linux.SYS_accept4(), fd(), 0, 0, flags(), 0, 0);
    if (fd == -Errno.EAGAIN || fd == -Errno.EINTR || fd == -Errno.ECONNABORTED) {
      return null;
    }
    return new UnixSocket(KvmException.check(fd, "accept a connection"));
  }

  /**
   * Reads into a part of {@code target}; of a datagram that is longer the rest is lost.
   *
   * @param length bytes, above 0
   * @return bytes read; 0 for an empty datagram and at the end of a stream; {@link #WOULD_BLOCK} or
   *     {@link #CLOSED}
   */
  public long read(NativeBuffer target, int offset, int length) throws KvmException {
    // SAFETY: address() checked that the range is inside the buffer, which target keeps alive.
    return result(
        NativeCalls.call(
            Linux.SYS_recvfrom(), fd(), target.address(offset, length), length, 0, 0, 0),
        "read from a socket");
  }

  /**
   * Reads from a stream into ranges.
   *
   * @return bytes read; 0 at the end of the stream; {@link #WOULD_BLOCK} or {@link #CLOSED}
   */
  public long read(IoVector ranges) throws KvmException {
    // SAFETY: address() leads to count() whole ranges; what they name is the caller's promise.
    return result(
        NativeCalls.call(Linux.SYS_readv(), fd(), ranges.address(), ranges.count()),
        "read from a socket");
  }

  /**
   * Writes a part of {@code source} to a stream.
   *
   * @return bytes written, fewer than {@code length} if there is no more room; {@link #WOULD_BLOCK}
   *     or {@link #CLOSED}
   */
  public long write(NativeBuffer source, int offset, int length) throws KvmException {
    // SAFETY: as in read.
    return result(
        NativeCalls.call(
            Linux.SYS_sendto(),
            fd(),
            source.address(offset, length),
            length,
            Linux.MSG_NOSIGNAL(),
            0,
            0),
        "write to a socket");
  }

  /**
   * Sends a datagram.
   *
   * @return {@code length}; {@link #WOULD_BLOCK} if the receiver has too many unread; {@link
   *     #CLOSED} if there is no receiver of that name
   */
  public long send(NativeBuffer source, int offset, int length, Address receiver)
      throws KvmException {
    // SAFETY: as in read; the address is a whole struct sockaddr_un that receiver keeps alive.
    return result(
        NativeCalls.call(
            Linux.SYS_sendto(),
            fd(),
            source.address(offset, length),
            length,
            Linux.MSG_NOSIGNAL(),
            receiver.bytes.address(),
            LinuxLayouts.SockaddrUn.SIZE),
        "send a datagram");
  }

  /** Ends this direction of a stream: the other end reads what was written, then its end. */
  public void endWriting() {
    // Fails only where the other end has gone, and then there is nobody to tell.
    NativeCalls.call(Linux.SYS_shutdown(), fd(), Linux.SHUT_WR());
  }

  /** Whether the other end of a stream has gone, so that nothing can be written any more. */
  public boolean isHungUp() throws KvmException {
    // SAFETY: no bytes are read from the null address.
    long n = NativeCalls.call(Linux.SYS_sendto(), fd(), 0, 0, Linux.MSG_NOSIGNAL(), 0, 0);
    return result(n, "write to a socket") == CLOSED;
  }

  private static long result(long result, String operation) throws KvmException {
    if (result >= 0) {
      return result;
    }
    return switch ((int) -result) {
      case Errno.EAGAIN, Errno.ENOBUFS -> WOULD_BLOCK;
      case Errno.EPIPE, Errno.ECONNRESET, Errno.ENOTCONN, Errno.ECONNREFUSED, Errno.ENOENT ->
          CLOSED;
      default -> throw new KvmException(operation, (int) -result);
    };
  }
}
