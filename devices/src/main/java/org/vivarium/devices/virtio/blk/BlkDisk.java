package org.vivarium.devices.virtio.blk;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.GuestBuffers;
import org.vivarium.devices.virtio.transport.RateLimitedLog;
import org.vivarium.images.disk.DiskImage;

/**
 * The disk of one activation: executes checked requests on the image. Any thread.
 *
 * <p>What the host fails at is an I/O error for the guest and a line in the log.
 */
final class BlkDisk implements BlkRequest.Disk {
  private final DiskImage image;
  private final boolean readOnly;
  private final long features;
  private final RateLimitedLog log;
  private final @Nullable FullHost full;

  /**
   * @param full holds writes that find no room on the host; null: they fail
   */
  BlkDisk(
      DiskImage image,
      boolean readOnly,
      long features,
      RateLimitedLog log,
      @Nullable FullHost full) {
    this.image = image;
    this.readOnly = readOnly;
    this.features = features;
    this.log = log;
    this.full = full;
  }

  /** Has writes tried again that found no room on the host. */
  void retry() {
    FullHost host = full;
    if (host != null) {
      host.open();
    }
  }

  /** Fails writes that find no room on the host, from now on. */
  void end() {
    FullHost host = full;
    if (host != null) {
      host.end();
    }
  }

  @Override
  public long capacity() {
    return image.size() / BlkLayout.SECTOR;
  }

  @Override
  public boolean readOnly() {
    return readOnly;
  }

  @Override
  public boolean has(long feature) {
    return (features & feature) != 0;
  }

  /** Whether a request is a write that has to be flushed at once (VIRTIO 1.2, 5.2.6.2). */
  boolean isWriteThrough(BlkRequest request) {
    return request.operation() == BlkRequest.Operation.WRITE && !has(BlkLayout.VIRTIO_BLK_F_FLUSH);
  }

  /**
   * Does what a request asks for; blocks.
   *
   * @return VIRTIO_BLK_S_...
   */
  int execute(BlkRequest request, GuestBuffers buffers) {
    while (true) {
      try {
        return attempt(request, buffers);
      } catch (IOException e) {
        if (!isHeld(request, e)) {
          log.report(
              "%s at byte %d failed: %s"
                  .formatted(request.operation(), request.offset(), e.getMessage()));
          return BlkLayout.VIRTIO_BLK_S_IOERR;
        }
      }
    }
  }

  /** Waits where the host has no room; whether to try again. */
  private boolean isHeld(BlkRequest request, IOException e) {
    FullHost host = full;
    // A flush that has failed is not tried again: the kernel may have forgotten what it did not
    // write, and would say that all is well.
    return host != null
        && request.operation() != BlkRequest.Operation.FLUSH
        && !isWriteThrough(request)
        && FullHost.isCauseOf(e)
        && host.hold();
  }

  private int attempt(BlkRequest request, GuestBuffers buffers) throws IOException {
    switch (request.operation()) {
      case READ -> {
        int count = buffers.fill(request.data());
        image.read(buffers.buffers(), 0, count, request.offset());
      }
      case WRITE -> write(request, buffers);
      case FLUSH -> image.flush();
      case DISCARD -> discard(request);
      case WRITE_ZEROES -> writeZeroes(request);
      default -> {
        return BlkLayout.VIRTIO_BLK_S_UNSUPP;
      }
    }
    return BlkLayout.VIRTIO_BLK_S_OK;
  }

  private void write(BlkRequest request, GuestBuffers buffers) throws IOException {
    int count = buffers.fill(request.data());
    image.write(buffers.buffers(), 0, count, request.offset());
    if (isWriteThrough(request)) {
      // A driver that cannot flush relies on each write.
      image.flush();
    }
  }

  private void discard(BlkRequest request) throws IOException {
    for (int i = 0; i < request.segments(); i++) {
      if (request.segmentLength(i) > 0) {
        image.discard(request.segmentOffset(i), request.segmentLength(i));
      }
    }
  }

  private void writeZeroes(BlkRequest request) throws IOException {
    for (int i = 0; i < request.segments(); i++) {
      if (request.segmentLength(i) > 0) {
        image.writeZeroes(
            request.segmentOffset(i), request.segmentLength(i), request.segmentUnmaps(i));
      }
    }
  }
}
