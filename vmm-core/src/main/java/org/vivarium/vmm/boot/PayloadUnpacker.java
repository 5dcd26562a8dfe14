package org.vivarium.vmm.boot;

import org.vivarium.vmm.InvalidConfigException;

/** Unpacks the ELF kernel inside a bzImage on the host, so that the guest need not. */
@FunctionalInterface
public interface PayloadUnpacker {
  /**
   * Unpacks a payload.
   *
   * @param kernel the bzImage
   * @param position where its compressed payload starts, checked to lie in the file
   * @param length bytes of the payload, above 0
   * @return the ELF file; what follows it (relocations) is ignored
   * @throws InvalidConfigException if the payload is damaged or of a format that is not supported
   */
  BootImage unpack(BootImage kernel, long position, long length) throws InvalidConfigException;
}
