package org.vivarium.devices.virtio.net;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** A cable whose other end is the test. */
final class FakeBackend implements NetBackend {
  final List<byte[]> sent = new ArrayList<>();
  final Queue<byte[]> incoming = new ArrayDeque<>();
  long offloads;
  boolean carrier = true;
  int room = Integer.MAX_VALUE;
  int gsoType;
  byte @Nullable [] endless;
  int lastChecksumStart;
  @Nullable Events events;

  @Override
  public long offloads() {
    return offloads;
  }

  @Override
  public boolean carrier() {
    return carrier;
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
    if (room == 0) {
      return false;
    }
    room--;
    lastChecksumStart = header.checksumStart();
    if (endless == null) {
      byte[] copy = new byte[frame.remaining()];
      frame.get(copy);
      sent.add(copy);
    }
    return true;
  }

  @Override
  public int receive(NetHeader header, ByteBuffer frame) {
    if (endless != null) {
      if (room == 0) {
        return 0;
      }
      room--;
      frame.put(endless);
      return endless.length;
    }
    byte[] next = incoming.poll();
    if (next == null) {
      return 0;
    }
    frame.put(next);
    header.set(gsoType == 0 ? 0 : 1, gsoType, 54, gsoType == 0 ? 0 : 1448, 34, 16);
    return next.length;
  }
}
