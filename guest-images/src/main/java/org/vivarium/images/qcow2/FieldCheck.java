package org.vivarium.images.qcow2;

import java.nio.file.Path;
import org.vivarium.images.disk.DiskImageException;

/**
 * Checks of an image's fields; each failure is one sentence that names the file and the field. It
 * is put together where a check fails: to format a number loads how a locale writes it, 20 ms of a
 * start.
 */
record FieldCheck(Path path) {
  /** Fails with "Image PATH {@code complaint}." unless the condition holds. */
  void that(boolean condition, String complaint) throws DiskImageException {
    if (!condition) {
      throw error(complaint);
    }
  }

  /** Fails unless the value is within the bounds, both included. */
  void range(String field, long value, long least, long most) throws DiskImageException {
    if (value < least || value > most) {
      throw error(
          "has %s %s; allowed are %d to %d"
              .formatted(field, Long.toUnsignedString(value), least, most));
    }
  }

  /** Fails unless a table starts at a cluster after the header and lies within the file. */
  void table(String field, long offset, long bytes, Geometry geometry, long fileSize)
      throws DiskImageException {
    long limit = geometry.clusters(fileSize) << geometry.clusterBits();
    if (offset <= 0 || !geometry.isAligned(offset) || offset > limit || bytes > limit - offset) {
      throw error(
          "has %s 0x%x for a table of %d bytes; allowed are multiples of %d within the file's %d bytes"
              .formatted(field, offset, bytes, geometry.clusterSize(), fileSize));
    }
  }

  /** The exception for a complaint. */
  DiskImageException error(String complaint) {
    return new DiskImageException("Image " + path + " " + complaint + ".");
  }
}
