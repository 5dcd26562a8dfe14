package org.vivarium.devices.virtio.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.net.SegmentMembers.Member;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.devices.virtio.transport.RateLimitedLog;
import org.vivarium.kvm.Epoll;
import org.vivarium.kvm.Errno;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.NativeBuffer;
import org.vivarium.kvm.TimerFd;
import org.vivarium.kvm.UnixSocket;

/**
 * A private network between machines of one user: a folder in which each card has a datagram
 * socket, named after its MAC address. A frame is a datagram; an empty one says that somebody has
 * come or gone.
 *
 * <p>There is no hub that could die: a member that ends, however it ends, is missed by the next
 * frame to it. A frame to a card that is known goes to it alone, any other to everybody. A receiver
 * that does not read holds a sender up for some milliseconds, once; then its frames are lost, as in
 * a switch. Frames run on the I/O loop and allocate nothing.
 */
public final class SegmentBackend implements NetBackend, AutoCloseable {
  private static final long RETRY_NANOS = 500_000;
  private static final int MOST_RETRIES = 20;

  private final Path path;
  private final IoLoop loop;
  private final RateLimitedLog log;
  private final UnixSocket socket;
  private final TimerFd timer;
  private final SegmentMembers members;
  private final NativeBuffer incoming = new NativeBuffer(NetHeader.MAX_FRAME);
  private final NativeBuffer outgoing = new NativeBuffer(NetHeader.MAX_FRAME);
  private volatile @Nullable Events events;
  private IoLoop.@Nullable Watch socketWatch;
  private IoLoop.@Nullable Watch timerWatch;
  private int retries;

  private SegmentBackend(Path folder, long mac, IoLoop loop, UnixSocket socket, TimerFd timer) {
    this.path = SegmentMembers.socket(folder, mac);
    this.loop = loop;
    this.log = new RateLimitedLog(String.valueOf(folder.getFileName()));
    this.socket = socket;
    this.timer = timer;
    this.members = new SegmentMembers(folder, mac, log);
    loop.execute(this::join);
  }

  /**
   * Joins a private network, which is made if it is not there.
   *
   * @param folder the network's own, which no other user can enter
   * @param mac the card's address
   * @param loop the card's
   * @throws IOException a sentence that says why not, such as another machine with this address
   */
  public static SegmentBackend join(Path folder, long mac, IoLoop loop) throws IOException {
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    TimerFd timer = TimerFd.create();
    try {
      return new SegmentBackend(folder, mac, loop, bind(SegmentMembers.socket(folder, mac)), timer);
    } catch (IOException e) {
      timer.close();
      throw e;
    }
  }

  /** Takes the place of a process that has died, but of none that lives. */
  private static UnixSocket bind(Path path) throws IOException {
    try {
      return UnixSocket.datagrams(path);
    } catch (KvmException e) {
      if (e.errno() != Errno.EADDRINUSE) {
        throw e;
      }
    }
    Path probePath = path.resolveSibling("." + path.getFileName() + "." + System.nanoTime());
    try (UnixSocket probe = UnixSocket.datagrams(probePath)) {
      if (probe.send(new NativeBuffer(1), 0, 0, new UnixSocket.Address(path))
          != UnixSocket.CLOSED) {
        throw new IOException(
            "Cannot join the private network %s: another machine there has this MAC address."
                .formatted(path.getParent()));
      }
    } finally {
      Files.deleteIfExists(probePath);
    }
    UnixSocket.deleteStale(path);
    return UnixSocket.datagrams(path);
  }

  private void join() {
    socketWatch = loop.watch(socket, Epoll.IN, this::ready);
    timerWatch = loop.watch(timer, Epoll.IN, this::retry);
    members.refresh();
    greet();
  }

  private void greet() {
    for (int i = members.count() - 1; i >= 0; i--) {
      if (!members.get(i).greeted) {
        greet(i);
      }
    }
  }

  private void greet(int index) {
    Member member = members.get(index);
    long sent = transmit(member, 0);
    member.greeted = sent != UnixSocket.WOULD_BLOCK;
    if (sent == UnixSocket.CLOSED) {
      members.remove(index);
    }
  }

  /** Leaves the network. After the card's last reset; the loop still runs. */
  @Override
  public void close() {
    loop.execute(this::leave);
  }

  private void leave() {
    if (socketWatch != null && timerWatch != null) {
      socketWatch.cancel();
      timerWatch.cancel();
      socketWatch = null;
      timerWatch = null;
    }
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      log.report("Cannot delete " + path + ": " + e.getMessage());
    }
    socket.close();
    timer.close();
  }

  private void ready() {
    Events to = events;
    if (to != null) {
      to.receiveReady();
    } else {
      // Nobody takes frames: they are lost here rather than holding up their senders.
      while (next() != 0) {
        continue;
      }
    }
  }

  private void retry() {
    timer.drain();
    Events to = events;
    if (to != null) {
      to.sendReady();
    }
  }

  @Override
  public long offloads() {
    return 0;
  }

  @Override
  public void start(Events newEvents, long negotiated) {
    events = newEvents;
  }

  @Override
  public void stop() {
    events = null;
  }

  @Override
  public boolean send(NetHeader header, ByteBuffer frame) {
    int length = frame.remaining();
    outgoing.bytes().put(0, frame, frame.position(), length);
    long target = outgoing.bytes().getLong(0) >>> 16;
    int known = members.find(target);
    if (known >= 0) {
      return sendTo(known, length);
    }
    greet();
    for (int i = members.count() - 1; i >= 0; i--) {
      if (transmit(members.get(i), length) == UnixSocket.CLOSED) {
        members.remove(i);
      }
    }
    return true;
  }

  private boolean sendTo(int index, int length) {
    Member member = members.get(index);
    long sent = transmit(member, length);
    if (sent != UnixSocket.WOULD_BLOCK) {
      retries = 0;
      member.slow = false;
      if (sent == UnixSocket.CLOSED) {
        members.remove(index);
      }
      return true;
    }
    retries++;
    if (member.slow || retries > MOST_RETRIES) {
      retries = 0;
      member.slow = true;
      return true;
    }
    try {
      timer.arm(RETRY_NANOS);
    } catch (KvmException e) {
      throw new IllegalStateException("A timer cannot be set", e);
    }
    return false;
  }

  private long transmit(Member member, int length) {
    try {
      return socket.send(outgoing, 0, length, member.address);
    } catch (KvmException e) {
      log.report(e.getMessage());
      return length;
    }
  }

  @Override
  public int receive(NetHeader header, ByteBuffer frame) {
    int length = next();
    if (length > 0) {
      frame.put(0, incoming.bytes(), 0, length);
    }
    return length;
  }

  /** Reads the next frame into {@code incoming}; 0 if there is none. */
  private int next() {
    try {
      long n = socket.read(incoming, 0, incoming.size());
      while (n >= 0 && n < NetHeader.MIN_FRAME) {
        members.refresh();
        n = socket.read(incoming, 0, incoming.size());
      }
      return (int) Math.max(n, 0);
    } catch (KvmException e) {
      log.report(e.getMessage());
      return 0;
    }
  }
}
