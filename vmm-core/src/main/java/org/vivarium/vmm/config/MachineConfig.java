package org.vivarium.vmm.config;

import org.vivarium.vmm.InvalidConfigException;

/**
 * A machine that either engine can run.
 *
 * @param name what people call it; also in thread names
 * @param cpus virtual processors, 1 to {@value #MAX_CPUS}
 * @param memoryBytes RAM in bytes, a multiple of 1 MiB, from {@link #MIN_MEMORY}
 * @param boot what it starts
 * @param devices its virtio devices
 */
public record MachineConfig(
    String name, int cpus, long memoryBytes, BootSource boot, DeviceSet devices) {
  /** Most virtual processors of one machine. */
  public static final int MAX_CPUS = 64;

  /** Least RAM, bytes: below this no supported kernel finds room to unpack itself. */
  public static final long MIN_MEMORY = 32L << 20;

  /** Most RAM, bytes: what the guest physical address map leaves room for. */
  public static final long MAX_MEMORY = 512L << 30;

  private static final long MIB = 1L << 20;

  /** Checks the fields and makes the record of a machine without virtio devices. */
  public static MachineConfig of(String name, int cpus, long memoryBytes, BootSource boot)
      throws InvalidConfigException {
    return of(name, cpus, memoryBytes, boot, DeviceSet.NONE);
  }

  /**
   * Checks the fields and makes the record.
   *
   * @throws InvalidConfigException naming the field, what was found and what is allowed
   */
  public static MachineConfig of(
      String name, int cpus, long memoryBytes, BootSource boot, DeviceSet devices)
      throws InvalidConfigException {
    if (cpus < 1 || cpus > MAX_CPUS) {
      throw new InvalidConfigException(
          "CPUs: %d is not possible; choose 1 to %d.".formatted(cpus, MAX_CPUS));
    }
    if (memoryBytes < MIN_MEMORY || memoryBytes > MAX_MEMORY || memoryBytes % MIB != 0) {
      throw new InvalidConfigException(
          "Memory: %d bytes is not possible; choose %d MiB to %d MiB in whole MiB."
              .formatted(memoryBytes, MIN_MEMORY / MIB, MAX_MEMORY / MIB));
    }
    devices.check();
    return new MachineConfig(name, cpus, memoryBytes, boot, devices);
  }
}
