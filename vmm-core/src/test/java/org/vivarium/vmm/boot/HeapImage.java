package org.vivarium.vmm.boot;

import java.nio.ByteBuffer;

/**
 * A {@link BootImage} in memory, such as a kernel unpacked on the host.
 *
 * @param role what messages call it: "Kernel" or "Initrd"
 * @param path the file that it came from
 * @param bytes the image, from index 0 to its limit
 */
public record HeapImage(String role, String path, ByteBuffer bytes) implements BootImage {
  @Override
  public String label() {
    return role + " " + path;
  }

  @Override
  public long size() {
    return bytes.limit();
  }

  @Override
  public void read(long position, ByteBuffer target) {
    target.put(bytes.slice(Math.toIntExact(position), target.remaining()));
  }
}
