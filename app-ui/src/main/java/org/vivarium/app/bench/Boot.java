package org.vivarium.app.bench;

/**
 * How long one boot took.
 *
 * @param processNanos from right before the process was started to the guest's first report, as
 *     this process sees both
 * @param guestNanos from the first guest instruction to that report
 */
record Boot(long processNanos, long guestNanos) {
  /** Where {@link #guestNanos} was not measured. */
  static final long UNKNOWN = -1;
}
