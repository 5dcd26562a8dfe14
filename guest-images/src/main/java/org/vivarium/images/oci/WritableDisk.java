package org.vivarium.images.oci;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.store.Tool;

/**
 * A disk for what one process writes, gone when it is closed: an empty ext4 file system in a sparse
 * file. Belongs to one thread.
 */
public final class WritableDisk implements AutoCloseable {
  /** Below this there is hardly room for a journal, bytes. */
  public static final long LEAST = 16L << 20;

  /** Most bytes. */
  public static final long MOST = 1L << 40;

  private static final String NAME = "writable.ext4";
  private static final int MOST_SECONDS = 60;

  private final Path folder;

  private WritableDisk(Path folder) {
    this.folder = folder;
  }

  /**
   * Makes one.
   *
   * @param folder a new one of its own, deleted at the end
   * @param size bytes, {@link #LEAST} to {@link #MOST}
   */
  static WritableDisk make(Path folder, long size, Map<String, String> environment)
      throws ImageException {
    WritableDisk disk = new WritableDisk(folder);
    try {
      disk.format(size, environment);
      return disk;
    } catch (ImageException e) {
      disk.close();
      throw e;
    }
  }

  private void format(long size, Map<String, String> environment) throws ImageException {
    if (size < LEAST || size > MOST) {
      throw new ImageException(
          "A disk of %d bytes is not possible; choose %d MiB to %d GiB."
              .formatted(size, LEAST >> 20, MOST >> 30));
    }
    String program =
        Tool.find("mke2fs", environment)
            .orElseThrow(
                () -> new ImageException("There is no mke2fs: install the package e2fsprogs."))
            .toString();
    Tool tool = new Tool(folder.resolve("mke2fs.log"), MOST_SECONDS);
    List<String> command =
        List.of(
            program,
            "-q",
            "-t",
            "ext4",
            "-E",
            "lazy_itable_init=1,lazy_journal_init=1,nodiscard",
            file().toString(),
            (size >> 10) + "k");
    if (tool.run(command, _ -> {}) != 0) {
      throw new ImageException(
          "The disk %s cannot be made: %s".formatted(file(), tool.tail().strip()));
    }
  }

  /** The disk, in the raw format. */
  public Path file() {
    return folder.resolve(NAME);
  }

  @Override
  public void close() throws ImageException {
    try {
      DurableFiles.deleteFolder(folder);
    } catch (IOException e) {
      throw new ImageException("The folder %s cannot be deleted.".formatted(folder), e);
    }
  }
}
