package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.disk.BlockFile;
import org.vivarium.images.disk.ForwardingBlockFile;

/** Records every write and sync, and replays what a power cut could have left of them. */
final class RecordingBlockFile extends ForwardingBlockFile {
  private static final int SECTOR = 512;

  /** A write of bytes; or a sync where {@code bytes} is null; or a new size where offset is -1. */
  private record Event(long offset, byte @Nullable [] bytes, long size) {}

  private final byte[] start;
  private final List<Event> events = new ArrayList<>();

  RecordingBlockFile(BlockFile file, byte[] start) {
    super(file);
    this.start = start;
  }

  int eventCount() {
    return events.size();
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    byte[] bytes = new byte[src.remaining()];
    src.duplicate().get(bytes);
    events.add(new Event(offset, bytes, 0));
    super.write(src, offset);
  }

  @Override
  public void sync() throws IOException {
    super.sync();
    events.add(new Event(0, null, 0));
  }

  @Override
  public void truncate(long size) throws IOException {
    events.add(new Event(-1, new byte[0], size));
    super.truncate(size);
  }

  @Override
  public boolean punchHole(long offset, long length) throws IOException {
    events.add(new Event(offset, new byte[(int) length], 0));
    return super.punchHole(offset, length);
  }

  /** How much of the writes since the last sync survives. */
  enum Survivors {
    ALL,
    NONE,
    /** Whole writes, each or not. */
    SOME_WRITES,
    /** Sectors of 512 bytes, each or not. */
    SOME_SECTORS
  }

  /** The file as power cuts could leave it, event after event. */
  final class Replay {
    private byte[] durable = start.clone();
    private int synced;

    /** The file after a power cut when {@code count} events had been issued; never fewer again. */
    byte[] cut(int count, Survivors survivors, Random random) {
      int lastSync = synced;
      for (int i = synced; i < count; i++) {
        lastSync = events.get(i).bytes() == null ? i : lastSync;
      }
      for (; synced < lastSync; synced++) {
        durable = apply(durable, events.get(synced), Survivors.ALL, random);
      }
      byte[] image = durable.clone();
      for (int i = synced; i < count; i++) {
        image = apply(image, events.get(i), survivors, random);
      }
      return image;
    }
  }

  private static byte[] apply(byte[] image, Event event, Survivors survivors, Random random) {
    byte[] bytes = event.bytes();
    if (bytes == null) {
      return image;
    }
    if (event.offset() < 0) {
      return event.size() > image.length ? Arrays.copyOf(image, (int) event.size()) : image;
    }
    boolean whole =
        survivors == Survivors.ALL || (survivors == Survivors.SOME_WRITES && random.nextBoolean());
    int from = (int) event.offset();
    int length = bytes.length;
    byte[] result = image;
    for (int at = 0; at < length; ) {
      int n = whole ? length : Math.min(SECTOR - (from + at) % SECTOR, length - at);
      if (whole || (survivors == Survivors.SOME_SECTORS && random.nextBoolean())) {
        if (from + at + n > result.length) {
          result = Arrays.copyOf(result, from + at + n);
        }
        System.arraycopy(bytes, at, result, from + at, n);
      }
      at += n;
    }
    return result;
  }
}
