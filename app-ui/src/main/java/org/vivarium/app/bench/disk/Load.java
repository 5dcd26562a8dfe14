package org.vivarium.app.bench.disk;

import java.util.Locale;

/**
 * A row of the measurement: what fio does to which disk.
 *
 * @param format of the disk's image
 * @param access how the disk is accessed
 */
record Load(Format format, Access access) {
  private static final int LONGEST_SECONDS = 30;

  /** The image's format, and where the guest finds the disk. */
  enum Format {
    RAW("/dev/vda"),
    QCOW2("/dev/vdb");

    private final String device;

    Format(String device) {
      this.device = device;
    }

    String device() {
      return device;
    }
  }

  /** A way of access, in fio's words. */
  enum Access {
    RANDOM_READ_1("4k random read, depth 1", "randread", 4, 1),
    RANDOM_WRITE_1("4k random write, depth 1", "randwrite", 4, 1),
    RANDOM_READ_32("4k random read, depth 32", "randread", 4, 32),
    RANDOM_WRITE_32("4k random write, depth 32", "randwrite", 4, 32),
    READ("1 MiB sequential read", "read", 1024, 4),
    WRITE("1 MiB sequential write", "write", 1024, 4);

    private final String label;
    private final String rw;
    private final int kib;
    private final int depth;

    Access(String label, String rw, int kib, int depth) {
      this.label = label;
      this.rw = rw;
      this.kib = kib;
      this.depth = depth;
    }

    String label() {
      return label;
    }

    /** KiB of a request. */
    int kib() {
      return kib;
    }

    /** Whether requests are counted one by one: small ones, many at a time. */
    boolean counted() {
      return kib == 4 && depth > 1;
    }
  }

  /** fio's name for it. */
  String name() {
    return (format + "-" + access).toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * Requests of a measurement: the same number on both sides, whatever a second is worth there.
   *
   * @param most of a row with the smallest requests, many at a time; the others have fewer
   */
  int requests(int most) {
    return Math.max(1, access.kib > 4 ? most / 16 : access.depth == 1 ? most / 4 : most);
  }

  /** fio's job that runs it, that many requests long and for half a minute at most. */
  String section(int most) {
    return section(name())
        + """
          io_size=%dk
          runtime=%d
          """
            .formatted((long) requests(most) * access.kib, LONGEST_SECONDS);
  }

  /**
   * The same for some time under a name that nobody measures, so that its code is compiled and its
   * blocks read.
   */
  String warmUp(int seconds) {
    return section("warm-" + name())
        + """
          time_based=1
          runtime=%d
          """
            .formatted(seconds);
  }

  private String section(String name) {
    return """
    [%s]
    filename=%s
    rw=%s
    bs=%dk
    iodepth=%d
    """
        .formatted(name, format.device(), access.rw, access.kib, access.depth);
  }

  /** A section that writes part of the disk, reads it again and compares. */
  static String verification(Format format, int mib) {
    return """
    [verify-%s]
    filename=%s
    rw=randwrite
    bs=4k
    iodepth=32
    size=%dm
    verify=crc32c
    verify_fatal=1
    do_verify=1
    """
        .formatted(format.toString().toLowerCase(Locale.ROOT), format.device(), mib);
  }
}
