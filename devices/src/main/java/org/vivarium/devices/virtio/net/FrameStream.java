package org.vivarium.devices.virtio.net;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.kvm.Epoll;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.NativeBuffer;
import org.vivarium.kvm.UnixSocket;

/**
 * Ethernet frames on a stream socket, each after its length, 4 bytes, big-endian: what passt and
 * QEMU's {@code -netdev stream} speak.
 *
 * <p>On the I/O loop; frames allocate nothing. Frames to be sent are gathered and written together,
 * whole ones only; one read takes as many as there are. Both buffers are bounded: a peer that does
 * not read stops the sender, and one that sends no frames but something else is cut off.
 */
final class FrameStream {
  /** Told of what happens on the stream, on the loop. */
  interface Owner {
    /** There may be frames to take. */
    void receiveReady();

    /** There is room again after {@link #send} had refused. */
    void sendReady();

    /**
     * The stream has been closed.
     *
     * @param why a sentence, or null if the peer ended it
     */
    void lost(@Nullable String why);
  }

  /**
   * Largest frame that is written in one piece: the kernel takes so much of a Unix stream at once
   * or not at all.
   */
  static final int LARGEST_WHOLE_FRAME = (1 << 15) - 4;

  private static final int LENGTH_BYTES = 4;

  /**
   * Most bytes of one write, unless a frame is longer. A reader must not see the stream end within
   * a frame: the passt of Debian 12 then drops what it has read, and takes what follows for
   * lengths.
   */
  private static final int PIECE_BYTES = LENGTH_BYTES + LARGEST_WHOLE_FRAME;

  private static final int LARGEST = LENGTH_BYTES + NetHeader.MAX_FRAME;
  private static final int BUFFER_BYTES = 4 * LARGEST;

  private final IoLoop loop;
  private final Owner owner;
  private final NativeBuffer incoming = new NativeBuffer(BUFFER_BYTES);
  private final NativeBuffer outgoing = new NativeBuffer(BUFFER_BYTES);
  private @Nullable UnixSocket socket;
  private IoLoop.@Nullable DescriptorWatch watch;
  private int readStart;
  private int readEnd;
  private int writeStart;
  private int writeEnd;

  /**
   * Where the frames end that were begun to be written; at or before {@code writeStart} if none.
   */
  private int pieceEnd;

  private boolean refused;
  private boolean awaitingRoom;

  /**
   * The last read took all there was: whatever comes later is an event of its own (epoll(7)). If
   * the stream had ended behind it by then, the next write finds out, or who watches the peer.
   */
  private boolean drained;

  FrameStream(IoLoop loop, Owner owner) {
    this.loop = loop;
    this.owner = owner;
  }

  /** Goes on with a new connection, which belongs to this object from now on. */
  void attach(UnixSocket connected) {
    detach();
    socket = connected;
    watch = loop.watch(connected, Epoll.IN, this::ready);
    resume();
    owner.receiveReady();
  }

  /** Closes the connection; frames are lost until there is another. */
  void detach() {
    if (watch != null) {
      watch.cancel();
      watch = null;
    }
    if (socket != null) {
      socket.close();
      socket = null;
    }
    readStart = 0;
    readEnd = 0;
    writeStart = 0;
    writeEnd = 0;
    pieceEnd = 0;
    awaitingRoom = false;
    drained = false;
    resume();
  }

  private void ready() {
    drained = false;
    if (awaitingRoom) {
      flush();
      if (!awaitingRoom) {
        resume();
      }
    }
    owner.receiveReady();
  }

  private void resume() {
    if (refused) {
      refused = false;
      owner.sendReady();
    }
  }

  /**
   * Takes a frame to be sent by the next {@link #flush}; without a connection it is lost.
   *
   * @return false if there is no room: {@link Owner#sendReady} tells when there is
   */
  boolean send(ByteBuffer frame) {
    int length = frame.remaining();
    if (socket == null) {
      return true;
    }
    if (outgoing.size() - writeEnd < LENGTH_BYTES + length) {
      flush();
      compact();
      if (outgoing.size() - writeEnd < LENGTH_BYTES + length) {
        refused = true;
        return false;
      }
    }
    outgoing.bytes().putInt(writeEnd, length);
    outgoing.bytes().put(writeEnd + LENGTH_BYTES, frame, frame.position(), length);
    writeEnd += LENGTH_BYTES + length;
    return true;
  }

  private void compact() {
    outgoing.bytes().put(0, outgoing.bytes(), writeStart, writeEnd - writeStart);
    writeEnd -= writeStart;
    pieceEnd = Math.max(0, pieceEnd - writeStart);
    writeStart = 0;
  }

  /** Where the next piece of whole frames ends. */
  private int nextPiece() {
    int end = writeStart;
    do {
      end += LENGTH_BYTES + outgoing.bytes().getInt(end);
    } while (end < writeEnd
        && end + LENGTH_BYTES + outgoing.bytes().getInt(end) - writeStart <= PIECE_BYTES);
    return end;
  }

  /** Writes as much of what was gathered as the peer takes now; the rest follows by itself. */
  void flush() {
    UnixSocket out = socket;
    try {
      while (out != null && writeStart < writeEnd) {
        if (writeStart >= pieceEnd) {
          pieceEnd = nextPiece();
        }
        long n = out.write(outgoing, writeStart, pieceEnd - writeStart);
        if (n == UnixSocket.CLOSED) {
          lose(null);
          return;
        }
        if (n == UnixSocket.WOULD_BLOCK) {
          awaitRoom(true);
          return;
        }
        writeStart += (int) n;
      }
    } catch (KvmException e) {
      lose(e.getMessage());
      return;
    }
    writeStart = 0;
    writeEnd = 0;
    pieceEnd = 0;
    awaitRoom(false);
  }

  /** Room is waited for only while it is needed: the kernel tells of it after every read. */
  private void awaitRoom(boolean needed) {
    if (awaitingRoom != needed && watch != null) {
      awaitingRoom = needed;
      watch.await(needed ? Epoll.IN | Epoll.OUT : Epoll.IN);
    }
  }

  /**
   * Takes the next frame.
   *
   * @return its bytes, 0 if there is none: {@link Owner#receiveReady} tells of the next
   */
  int receive(ByteBuffer frame) {
    while (socket != null) {
      int available = readEnd - readStart;
      if (available >= LENGTH_BYTES) {
        int length = incoming.bytes().getInt(readStart);
        if (length < NetHeader.MIN_FRAME || length > NetHeader.MAX_FRAME) {
          lose("It sent a frame of " + Integer.toUnsignedString(length) + " bytes");
          return 0;
        }
        if (available >= LENGTH_BYTES + length) {
          frame.put(0, incoming.bytes(), readStart + LENGTH_BYTES, length);
          readStart += LENGTH_BYTES + length;
          return length;
        }
      }
      if (!fill(socket)) {
        return 0;
      }
    }
    return 0;
  }

  private boolean fill(UnixSocket in) {
    if (drained) {
      return false;
    }
    if (incoming.size() - readStart < LARGEST || readStart == readEnd) {
      incoming.bytes().put(0, incoming.bytes(), readStart, readEnd - readStart);
      readEnd -= readStart;
      readStart = 0;
    }
    try {
      int room = incoming.size() - readEnd;
      long n = in.read(incoming, readEnd, room);
      if (n > 0) {
        readEnd += (int) n;
        drained = n < room;
        return true;
      }
      if (n != UnixSocket.WOULD_BLOCK) {
        lose(null);
      }
    } catch (KvmException e) {
      lose(e.getMessage());
    }
    return false;
  }

  private void lose(@Nullable String why) {
    detach();
    owner.lost(why);
  }
}
