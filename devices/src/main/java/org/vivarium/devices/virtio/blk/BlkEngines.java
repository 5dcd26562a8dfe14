package org.vivarium.devices.virtio.blk;

import org.jspecify.annotations.Nullable;

/**
 * What executes a disk's requests.
 *
 * @param workers execute any request
 * @param ring takes the reads and writes that it can; null without io_uring
 */
record BlkEngines(BlkWorkers workers, @Nullable BlkRing ring) implements AutoCloseable {
  @Override
  public void close() {
    workers.close();
    if (ring != null) {
      ring.close();
    }
  }
}
