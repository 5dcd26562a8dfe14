package org.vivarium.images.library;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.Progress;
import org.vivarium.images.disk.BackingPolicy;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.DiskUsage;
import org.vivarium.images.disk.Extent;
import org.vivarium.images.disk.RawImage;
import org.vivarium.images.qcow2.DiskImages;
import org.vivarium.images.qcow2.Qcow2Creator;
import org.vivarium.images.qcow2.Qcow2Info;

/**
 * What one does with a disk that no machine is using. A disk in use is refused, by its lock.
 *
 * @param backing which files may lie below the disks
 */
public record Disks(BackingPolicy backing) {
  /** The usual cluster of qcow2: a piece of zeros this long takes no space. */
  private static final int CHUNK = 64 << 10;

  private static final int MAX_RANGES = 100_000;

  /**
   * A disk, described.
   *
   * @param format how it stores its bytes
   * @param size what the guest sees, bytes
   * @param bytesOnDisk what its own file takes, bytes; the base not counted
   * @param base the name of the file below it, or null
   */
  public record Info(DiskFormat format, long size, long bytesOnDisk, @Nullable String base) {}

  /**
   * A range of a disk and where its content comes from.
   *
   * @param offset bytes
   * @param length bytes
   * @param kind what it is
   * @param layer 0 for the disk's own file, 1 for the one below it, and so on
   */
  public record MapRange(long offset, long length, Extent.Kind kind, int layer) {}

  /** The disks of a home folder. */
  public static Disks of(Path home) {
    return new Disks(HomeBacking.of(home));
  }

  /**
   * Creates an empty disk, sparse.
   *
   * @param size bytes, 1 or more
   * @throws DiskImageException where the file is there already or the size is not possible
   */
  public static void create(Path file, DiskFormat format, long size) throws IOException {
    if (size < 1) {
      throw new DiskImageException(
          "A disk of %d bytes is not possible; choose 1 or more.".formatted(size));
    }
    try {
      switch (format) {
        case RAW -> RawImage.create(file, size);
        case QCOW2 -> Qcow2Creator.create(file, Qcow2Creator.Spec.of(size));
      }
    } catch (FileAlreadyExistsException e) {
      throw new DiskImageException(
          "The file %s is there already; choose another name.".formatted(file), e);
    }
  }

  /**
   * Changes a disk's size; what is gained reads as zeros.
   *
   * @param mayShrink whether the end may be cut off, with what is on it
   */
  public void resize(Path file, DiskFormat format, long size, boolean mayShrink)
      throws IOException {
    try (DiskImage disk = open(file, format, false)) {
      if (size < disk.size() && !mayShrink) {
        throw new DiskImageException(
            "The disk %s has %d bytes; making it smaller would cut its end off."
                .formatted(file, disk.size()));
      }
      disk.resize(size);
    }
  }

  /** Describes a disk, without its lock: also one that a machine of another process is using. */
  public static Info info(Path file, DiskFormat format) throws IOException {
    long used = DiskUsage.of(file);
    return switch (format) {
      case RAW -> new Info(format, Files.size(file), used, null);
      case QCOW2 -> {
        Qcow2Info header = Qcow2Info.read(file);
        yield new Info(format, header.size(), used, header.backingName());
      }
    };
  }

  /** Tells which ranges a disk stores itself, which come from a base, and which are empty. */
  public List<MapRange> map(Path file, DiskFormat format) throws IOException {
    List<MapRange> ranges = new ArrayList<>();
    try (DiskImage disk = open(file, format, true)) {
      Extent extent = new Extent();
      for (long at = 0; at < disk.size(); ) {
        disk.map(at, disk.size() - at, extent);
        add(ranges, new MapRange(at, extent.length(), extent.kind(), extent.file()), file);
        at += extent.length();
      }
    }
    return ranges;
  }

  private static void add(List<MapRange> ranges, MapRange next, Path file)
      throws DiskImageException {
    MapRange last = ranges.isEmpty() ? null : ranges.getLast();
    if (last != null && last.kind() == next.kind() && last.layer() == next.layer()) {
      long length = last.length() + next.length();
      ranges.set(ranges.size() - 1, new MapRange(last.offset(), length, last.kind(), last.layer()));
      return;
    }
    if (ranges.size() >= MAX_RANGES) {
      throw new DiskImageException(
          "The disk %s is in more than %d pieces; convert it first.".formatted(file, MAX_RANGES));
    }
    ranges.add(next);
  }

  /**
   * Copies a disk into a new one that stands alone: other format, no base, no space for zeros. An
   * interrupt ends it; the target appears whole or not at all.
   *
   * @throws DiskImageException where the target is there already or the source cannot be read
   */
  public void convert(Path source, DiskFormat from, Path target, DiskFormat to, Progress progress)
      throws IOException {
    if (Files.exists(target)) {
      throw new DiskImageException(
          "The file %s is there already; choose another name.".formatted(target));
    }
    requireNotCancelled();
    Path unfinished = target.resolveSibling(".new-" + target.getFileName());
    Files.deleteIfExists(unfinished);
    try {
      try (DiskImage in = open(source, from, true)) {
        create(unfinished, to, in.size());
        try (DiskImage out = DiskImages.open(unfinished, to, DiskOptions.readWrite())) {
          copy(in, out, progress);
          out.flush();
        }
      }
      Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  private static void requireNotCancelled() throws DiskImageException {
    if (Thread.currentThread().isInterrupted()) {
      throw new DiskImageException("The copy was cancelled; nothing of it was kept.");
    }
  }

  private static void copy(DiskImage in, DiskImage out, Progress progress) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK);
    ByteBuffer zeros = ByteBuffer.allocateDirect(CHUNK);
    Extent extent = new Extent();
    int percent = -1;
    for (long at = 0; at < in.size(); ) {
      requireNotCancelled();
      if (at * 100 / in.size() != percent) {
        percent = (int) (at * 100 / in.size());
        progress.advanced("Copying the disk", at, in.size());
      }
      in.map(at, in.size() - at, extent);
      boolean empty = extent.kind() == Extent.Kind.ZERO || extent.kind() == Extent.Kind.UNALLOCATED;
      // A chunk ends at a multiple of its size, so that clusters of zeros stay unallocated.
      long length = Math.min(extent.length(), empty ? extent.length() : CHUNK - at % CHUNK);
      if (!empty) {
        chunk.clear().limit((int) length);
        in.read(chunk, at);
        chunk.flip();
        if (chunk.mismatch(zeros.duplicate().limit((int) length)) >= 0) {
          out.write(chunk, at);
        }
      }
      at += length;
    }
    progress.advanced("Copying the disk", in.size(), in.size());
  }

  /** Opens a disk of the home folder. */
  DiskImage open(Path file, DiskFormat format, boolean readOnly) throws IOException {
    return DiskImages.open(
        file, format, DiskOptions.readWrite().withReadOnly(readOnly).withBacking(backing));
  }
}
