package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.disk.BlockFile;
import org.vivarium.images.disk.ChannelBlockFile;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.HolePuncher;

/**
 * What an image's header says, read without a lock: a look at a disk that a machine may be using.
 *
 * @param size bytes of the disk
 * @param clusterSize unit of allocation, bytes
 * @param backingName the backing file's name as it stands in the image, or null
 * @param backingFormat its format as the image states it, or null
 */
public record Qcow2Info(
    long size, int clusterSize, @Nullable String backingName, @Nullable String backingFormat) {
  /**
   * Reads a header. Not for a process that has the same file open as a disk: closing the file here
   * could end the lock there.
   *
   * @throws DiskImageException naming the field that is wrong or not supported
   */
  public static Qcow2Info read(Path path) throws IOException {
    if (!Files.isRegularFile(path)) {
      throw new DiskImageException("Disk %s is not a regular file.".formatted(path));
    }
    try (BlockFile file = ChannelBlockFile.open(path, true, HolePuncher.NONE)) {
      Qcow2Header header = Qcow2Header.read(file);
      return new Qcow2Info(
          header.size(),
          1 << header.geometry().clusterBits(),
          header.backingName(),
          header.backingFormat());
    }
  }
}
