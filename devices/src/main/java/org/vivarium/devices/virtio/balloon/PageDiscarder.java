package org.vivarium.devices.virtio.balloon;

import org.vivarium.devices.virtio.transport.RateLimitedLog;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.KvmException;

/**
 * Gives pages of the guest back to the host, neighbours together. On the I/O loop; allocates
 * nothing.
 *
 * <p>What is not the guest's RAM is ignored: a driver can discard its own memory only, and what it
 * names twice is discarded twice, which changes nothing.
 */
final class PageDiscarder {
  private final GuestMemory memory;
  private final RateLimitedLog log;
  private long runStart;
  private long runEnd;
  private volatile long discarded;

  PageDiscarder(GuestMemory memory, RateLimitedLog log) {
    this.memory = memory;
    this.log = log;
  }

  /** Bytes given back so far; what was given back twice counts twice. Any thread. */
  long discarded() {
    return discarded;
  }

  /**
   * Takes one page; it is gone after {@link #flush} at the latest.
   *
   * @param pfn its guest physical address in pages, any 32 bits
   * @return false if there is no RAM
   */
  boolean page(long pfn) {
    long gpa = pfn * BalloonLayout.PAGE;
    if (!memory.contains(gpa, BalloonLayout.PAGE)) {
      return false;
    }
    if (runEnd > runStart && gpa >= runStart && gpa < runEnd) {
      return true;
    }
    if (gpa == runEnd && memory.contains(runStart, gpa - runStart + BalloonLayout.PAGE)) {
      runEnd += BalloonLayout.PAGE;
    } else if (gpa + BalloonLayout.PAGE == runStart && memory.contains(gpa, runEnd - gpa)) {
      runStart = gpa;
    } else {
      flush();
      runStart = gpa;
      runEnd = gpa + BalloonLayout.PAGE;
    }
    return true;
  }

  /** Discards the whole pages of a range that lies inside one region. */
  void range(long gpa, long length) {
    long first = (gpa + BalloonLayout.PAGE - 1) & -BalloonLayout.PAGE;
    long end = (gpa + length) & -BalloonLayout.PAGE;
    if (end > first) {
      discard(first, end - first);
    }
  }

  /** Discards the pages that were taken. */
  void flush() {
    if (runEnd > runStart) {
      discard(runStart, runEnd - runStart);
    }
    runStart = 0;
    runEnd = 0;
  }

  private void discard(long gpa, long length) {
    try {
      memory.discard(gpa, length);
      discarded += length;
    } catch (KvmException e) {
      log.report(e.getMessage());
    }
  }
}
