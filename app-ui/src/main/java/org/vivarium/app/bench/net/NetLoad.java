package org.vivarium.app.bench.net;

import java.util.Locale;

/** A row of the measurement: what fio in the guest does to {@link NetPeer} on the host. */
enum NetLoad {
  SEND_1("guest to host, one stream", Kind.SINK, 1),
  SEND_4("guest to host, four streams", Kind.SINK, 4),
  RECEIVE_1("host to guest, one stream", Kind.SOURCE, 1),
  RECEIVE_4("host to guest, four streams", Kind.SOURCE, 4),
  PING_PONG("64 bytes there and back", Kind.ECHO, 1);

  /** What a port of the peer does. */
  enum Kind {
    /** Reads and forgets. */
    SINK("rw=write\nbs=64k\n"),
    /** Writes without end. */
    SOURCE("rw=read\nbs=64k\n"),
    /** Sends back what it gets. */
    ECHO("rw=write\nbs=64\npingpong=1\n");

    private final String words;

    Kind(String words) {
      this.words = words;
    }
  }

  /** Most streams of a row: each has a port of its own. */
  static final int STREAMS = 4;

  private static final int PING_BYTES = 64;
  private static final int LONGEST_SECONDS = 60;

  private final String label;
  private final Kind kind;
  private final int streams;

  NetLoad(String label, Kind kind, int streams) {
    this.label = label;
    this.kind = kind;
    this.streams = streams;
  }

  String label() {
    return label;
  }

  Kind kind() {
    return kind;
  }

  /** fio's name for it. */
  String job() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** fio's job that moves so many MiB, or goes there and back 64 times for each of them. */
  String section(String name, int mib, int firstPort) {
    long bytes = kind == Kind.ECHO ? 64L * mib * PING_BYTES : ((long) mib << 20) / streams;
    return "[%s]\n%ssize=%d\nnumjobs=%d\nport=%d\nruntime=%d\n"
        .formatted(name, kind.words, bytes, streams, firstPort, LONGEST_SECONDS);
  }

  /** MiB a second, or times there and back. */
  double value(long kib, long milliseconds) {
    double amount = kind == Kind.ECHO ? 1024.0 * kib / PING_BYTES : kib / 1024.0;
    return milliseconds == 0 ? 0 : 1000.0 * amount / milliseconds;
  }

  String unit() {
    return kind == Kind.ECHO ? "times/s" : "MiB/s";
  }
}
