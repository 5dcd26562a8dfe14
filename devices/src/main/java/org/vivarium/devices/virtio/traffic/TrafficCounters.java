package org.vivarium.devices.virtio.traffic;

import java.util.concurrent.atomic.AtomicLong;

/** Counts what a disk or a card has done since it was made. Any thread; allocates nothing. */
public final class TrafficCounters {
  /**
   * The counts at one moment, each for itself.
   *
   * @param bytesIn bytes that reached the guest: read from the disk, received from the network
   * @param bytesOut bytes that left the guest: written to the disk, sent to the network
   * @param operationsIn requests or frames that carried {@code bytesIn}
   * @param operationsOut requests or frames that carried {@code bytesOut}
   * @param operationsOther requests that carried nothing: flush, discard, write zeroes
   * @param errors requests that failed, or frames that were dropped
   * @param busyNanos sum of the time that every finished disk request took; 0 for a card
   */
  public record Snapshot(
      long bytesIn,
      long bytesOut,
      long operationsIn,
      long operationsOut,
      long operationsOther,
      long errors,
      long busyNanos) {
    /** What has been counted since an earlier moment. */
    public Snapshot since(Snapshot earlier) {
      return new Snapshot(
          bytesIn - earlier.bytesIn,
          bytesOut - earlier.bytesOut,
          operationsIn - earlier.operationsIn,
          operationsOut - earlier.operationsOut,
          operationsOther - earlier.operationsOther,
          errors - earlier.errors,
          busyNanos - earlier.busyNanos);
    }
  }

  private final AtomicLong bytesIn = new AtomicLong();
  private final AtomicLong bytesOut = new AtomicLong();
  private final AtomicLong operationsIn = new AtomicLong();
  private final AtomicLong operationsOut = new AtomicLong();
  private final AtomicLong operationsOther = new AtomicLong();
  private final AtomicLong errors = new AtomicLong();
  private final AtomicLong busyNanos = new AtomicLong();

  /** Starts at 0. */
  public TrafficCounters() {}

  /** Something reached the guest. */
  public void in(long bytes) {
    bytesIn.addAndGet(bytes);
    operationsIn.incrementAndGet();
  }

  /** Something left the guest. */
  public void out(long bytes) {
    bytesOut.addAndGet(bytes);
    operationsOut.incrementAndGet();
  }

  /** A request was done that carries nothing. */
  public void other() {
    operationsOther.incrementAndGet();
  }

  /** Something failed or was dropped. */
  public void error() {
    errors.incrementAndGet();
  }

  /** A request took so long. */
  public void busy(long nanos) {
    busyNanos.addAndGet(nanos);
  }

  /** The counts now. */
  public Snapshot snapshot() {
    return new Snapshot(
        bytesIn.get(),
        bytesOut.get(),
        operationsIn.get(),
        operationsOut.get(),
        operationsOther.get(),
        errors.get(),
        busyNanos.get());
  }
}
