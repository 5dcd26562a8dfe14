package org.vivarium.vmm.engine;

/**
 * What a disk or a network card has done since the machine's start.
 *
 * @param id the device's identifier in its definition
 * @param kind what it is
 * @param bytesIn bytes that reached the guest: read from the disk, received from the network
 * @param bytesOut bytes that left the guest: written to the disk, sent to the network
 * @param operationsIn requests or frames that carried {@code bytesIn}
 * @param operationsOut requests or frames that carried {@code bytesOut}
 * @param errors requests or frames that failed
 * @param busyNanos sum of the time that every finished disk request took, nanoseconds; 0 for a card
 */
public record DeviceFigures(
    String id,
    Kind kind,
    long bytesIn,
    long bytesOut,
    long operationsIn,
    long operationsOut,
    long errors,
    long busyNanos) {
  /** The kinds of devices that count. */
  public enum Kind {
    DISK,
    NETWORK
  }

  /** These figures and others of the same device, added up. */
  public DeviceFigures plus(DeviceFigures other) {
    return new DeviceFigures(
        id,
        kind,
        bytesIn + other.bytesIn,
        bytesOut + other.bytesOut,
        operationsIn + other.operationsIn,
        operationsOut + other.operationsOut,
        errors + other.errors,
        busyNanos + other.busyNanos);
  }
}
