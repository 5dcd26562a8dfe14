package org.vivarium.vmm.definition;

import org.vivarium.vmm.config.DeviceSet;

/**
 * A machine as its owner defines it.
 *
 * @param name the name of its folder: 1 to 64 characters of a-z, A-Z, 0-9, '.', '_' and '-', the
 *     first a letter or a digit
 * @param description what it is for, in the owner's words; may be empty
 * @param cpus virtual processors, 1 to 64
 * @param memoryMib RAM in MiB, 32 to 524288
 * @param engine {@code auto}, {@code kvm} or {@code qemu}
 * @param guest what it boots
 * @param devices its virtio devices; relative paths are relative to the machine's folder. A {@code
 *     vsock} socket's path is the VM process's to choose and is not kept
 * @param autostart whether it starts when its owner logs in
 */
public record VmDefinition(
    String name,
    String description,
    int cpus,
    int memoryMib,
    String engine,
    GuestSource guest,
    DeviceSet devices,
    boolean autostart) {
  /** The version of the file format that this program writes. */
  public static final int VERSION = 1;
}
