package org.vivarium.images.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;

/**
 * A folder in which images are made, one at a time, each in a subfolder that appears under its
 * final name only when it is whole.
 *
 * @param folder where the images of one kind lie
 */
public record ImageStore(Path folder) {
  private static final String UNFINISHED = ".new";

  /** By folder, within this process; between processes a file lock serves. */
  private static final Map<Path, ReentrantLock> MAKING = new ConcurrentHashMap<>();

  /** What is done while no one else makes images of this kind. */
  @FunctionalInterface
  public interface Work<T> {
    /** Does it, in the folder, which exists and is locked. */
    T run() throws ImageException, IOException;
  }

  /**
   * Does work while no other thread or process does any in this folder; what a build left behind
   * that was killed is gone by then.
   *
   * @throws ImageException if the folder cannot be written or the work fails
   */
  public <T> T alone(Work<T> work) throws ImageException {
    ReentrantLock making =
        MAKING.computeIfAbsent(folder.toAbsolutePath().normalize(), _ -> new ReentrantLock());
    try {
      making.lockInterruptibly();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ImageException("The wait for another build in %s was ended.".formatted(folder), e);
    }
    try {
      Files.createDirectories(folder);
      try (FileChannel channel =
              FileChannel.open(
                  folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock _ = channel.lock()) {
        dropUnfinished();
        return work.run();
      }
    } catch (IOException e) {
      throw new ImageException(
          "Cannot write the image into %s; check its permissions and the free space."
              .formatted(folder),
          e);
    } finally {
      making.unlock();
    }
  }

  /** Makes a folder for an image that is not finished. Called within {@link #alone}. */
  public Path begin() throws IOException {
    return Files.createTempDirectory(folder, UNFINISHED);
  }

  /** Gives a finished folder its final name, in place of a broken one that may be there. */
  public void publish(Path unfinished, String name) throws IOException {
    DurableFiles.deleteFolder(folder.resolve(name));
    DurableFiles.publish(unfinished, folder, name);
  }

  private void dropUnfinished() throws IOException {
    try (DirectoryStream<Path> left = Files.newDirectoryStream(folder, UNFINISHED + "*")) {
      for (Path path : left) {
        DurableFiles.deleteFolder(path);
        Files.deleteIfExists(path);
      }
    }
  }
}
