package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.ffi.Linux;
import org.vivarium.kvm.ffi.ifreq;

/**
 * One end of a TAP network interface: what the host sends through the interface is read here, what
 * is written here arrives at the host (Linux, networking/tuntap).
 *
 * <p>Each frame comes after a {@code struct virtio_net_hdr}. Non-blocking: wait with {@link Epoll}.
 * Any thread; one frame is one call. Reading and writing allocate nothing.
 */
public final class Tap extends FileDescriptor {
  /** What {@link #read} and {@link #write} answer when they would have to wait. */
  public static final long WOULD_BLOCK = -1;

  /** Where the kernel offers TUN and TAP. */
  private static final Path DEVICE = Path.of("/dev/net/tun");

  /**
   * Work on frames that the reader takes over from the host's network stack.
   *
   * @param checksum frames may come without a checksum
   * @param tso4 TCP segments of IPv4 may come joined, up to 64 KiB
   * @param tso6 as {@code tso4} for IPv6
   * @param ecn joined segments may carry explicit congestion notification
   */
  public record Offloads(boolean checksum, boolean tso4, boolean tso6, boolean ecn) {
    /** Every frame comes whole and with its checksum. */
    public static final Offloads NONE = new Offloads(false, false, false, false);

    public Offloads {
      boolean joins = tso4 || tso6;
      if ((joins && !checksum) || (ecn && !joins)) {
        throw new IllegalArgumentException(
            "Joined segments need the checksum offload, and congestion notification needs them");
      }
    }

    private int flags() {
      return (checksum ? Linux.TUN_F_CSUM() : 0)
          | (tso4 ? Linux.TUN_F_TSO4() : 0)
          | (tso6 ? Linux.TUN_F_TSO6() : 0)
          | (ecn ? Linux.TUN_F_TSO_ECN() : 0);
    }
  }

  private final String name;
  private final boolean multiQueue;

  private Tap(int fd, String name, boolean multiQueue) {
    super(fd);
    this.name = name;
    this.multiQueue = multiQueue;
  }

  /**
   * Opens an interface that is there, such as one made by {@code ip tuntap add mode tap}; one made
   * with {@code multi_queue} can be opened several times, each with a queue of its own, between
   * which the host divides what it sends.
   *
   * @param name the interface's, 1 to 15 bytes
   * @param headerSize bytes of the header before each frame: 10, or 12 with {@code num_buffers}
   * @throws KvmException ENODEV if there is no such interface, EPERM if it is not this user's,
   *     EBUSY if another process has it open
   */
  public static Tap open(String name, int headerSize) throws KvmException {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    if (bytes.length < 1 || bytes.length >= Linux.IFNAMSIZ() || name.indexOf('\0') >= 0) {
      throw new KvmException("open network interface \"" + name + "\"", Errno.EINVAL);
    }
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment request = ifreq.allocate(scratch);
      request.setString(0, name);
      // Asked first, because attaching to a name that is not there would make an interface.
      requireInterface(request, name);
      Tap tap = attached(request, name, true, headerSize);
      return tap == null ? requireAttached(request, name, headerSize) : tap;
    }
  }

  private static Tap requireAttached(MemorySegment request, String name, int headerSize)
      throws KvmException {
    Tap tap = attached(request, name, false, headerSize);
    if (tap == null) {
      throw new KvmException("open network interface " + name, Errno.EINVAL);
    }
    return tap;
  }

  /** The interface, or null if it is not of this kind: made with {@code multi_queue} or without. */
  private static @Nullable Tap attached(
      MemorySegment request, String name, boolean multiQueue, int headerSize) throws KvmException {
    long fd = NativeCalls.open(DEVICE, Linux.O_RDWR() | Linux.O_NONBLOCK() | Linux.O_CLOEXEC());
    if (fd < 0) {
      throw new KvmException("open " + DEVICE, (int) -fd);
    }
    Tap tap = new Tap((int) fd, name, multiQueue);
    boolean kept = false;
    try {
      kept = tap.attach(request, headerSize);
      return kept ? tap : null;
    } finally {
      if (!kept) {
        tap.close();
      }
    }
  }

  private static void requireInterface(MemorySegment request, String name) throws KvmException {
    int type = Linux.SOCK_STREAM() | Linux.SOCK_CLOEXEC();
    long socket = NativeCalls.call(Linux.SYS_socket(), Linux.AF_UNIX(), type, 0);
    KvmException.check(socket, "make a socket");
    // SAFETY: request is a whole struct ifreq that lives until the call returns.
    long result = NativeCalls.ioctl((int) socket, Linux.SIOCGIFINDEX(), request.address());
    NativeCalls.call(Linux.SYS_close(), socket);
    KvmException.check(result, "find network interface " + name);
  }

  /** False if the interface is of the other kind. */
  private boolean attach(MemorySegment request, int headerSize) throws KvmException {
    int flags = Linux.IFF_TAP() | Linux.IFF_NO_PI() | Linux.IFF_VNET_HDR();
    setFlags(request, multiQueue ? flags | Linux.IFF_MULTI_QUEUE() : flags);
    // SAFETY: as in requireInterface.
    long result = NativeCalls.ioctl(fd(), Linux.TUNSETIFF(), request.address());
    if (result == -Errno.EINVAL) {
      return false;
    }
    KvmException.check(result, "open network interface " + name);
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment size = scratch.allocateFrom(ValueLayout.JAVA_INT, headerSize);
      // SAFETY: size is one int that lives until the call returns.
      KvmException.check(
          NativeCalls.ioctl(fd(), Linux.TUNSETVNETHDRSZ(), size.address()),
          "set the header size of network interface " + name + " to " + headerSize);
    }
    return true;
  }

  private static void setFlags(MemorySegment request, int flags) {
    request.set(ValueLayout.JAVA_SHORT, ifreq.ifr_ifru$offset(), (short) flags);
  }

  /** Whether the interface has a queue for each time that it is opened. */
  public boolean isMultiQueue() {
    return multiQueue;
  }

  /**
   * Takes this queue out of the interface, or puts it back in: the host sends nothing to it while
   * it is out, and it can be neither read nor written. It is in from the start.
   *
   * @throws KvmException EINVAL if the interface has but one queue, or it is so already
   */
  public void setQueueEnabled(boolean enabled) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment request = ifreq.allocate(scratch);
      setFlags(request, enabled ? Linux.IFF_ATTACH_QUEUE() : Linux.IFF_DETACH_QUEUE());
      // SAFETY: request is a whole struct ifreq that lives until the call returns.
      long result = NativeCalls.ioctl(fd(), Linux.TUNSETQUEUE(), request.address());
      KvmException.check(
          result, (enabled ? "attach" : "detach") + " a queue of network interface " + name);
    }
  }

  /** Says which work the reader takes over; until then none. */
  public void setOffloads(Offloads offloads) throws KvmException {
    KvmException.check(
        NativeCalls.ioctl(fd(), Linux.TUNSETOFFLOAD(), offloads.flags()),
        "set the offloads of network interface " + name);
  }

  /** The interface's name. */
  public String name() {
    return name;
  }

  /**
   * Reads one frame with its header into ranges; what does not fit is lost.
   *
   * @return bytes, or {@link #WOULD_BLOCK} if there is no frame
   */
  public long read(IoVector ranges) throws KvmException {
    return transfer(Linux.SYS_readv(), ranges, "read from");
  }

  /**
   * Writes ranges as one frame with its header.
   *
   * @return bytes, or {@link #WOULD_BLOCK} if the host takes none now
   * @throws KvmException EINVAL for a frame that is none, EIO while the interface is down
   */
  public long write(IoVector ranges) throws KvmException {
    return transfer(Linux.SYS_writev(), ranges, "write to");
  }

  private long transfer(int systemCall, IoVector ranges, String verb) throws KvmException {
    long result;
    do {
      // SAFETY: address() leads to count() whole ranges; what they name is the caller's promise.
      result = NativeCalls.call(systemCall, fd(), ranges.address(), ranges.count());
    } while (result == -Errno.EINTR);
    if (result == -Errno.EAGAIN) {
      return WOULD_BLOCK;
    }
    if (result < 0) {
      throw new KvmException(verb + " network interface " + name, (int) -result);
    }
    return result;
  }
}
