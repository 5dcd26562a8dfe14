package org.vivarium.vmm.boot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.vivarium.vmm.InvalidConfigException;

/** A {@link BootImage} in a regular file. */
final class ImageFile implements BootImage, AutoCloseable {
  private final String role;
  private final Path path;
  private final FileChannel channel;
  private final long size;

  private ImageFile(String role, Path path, FileChannel channel, long size) {
    this.role = role;
    this.path = path;
    this.channel = channel;
    this.size = size;
  }

  /**
   * Opens a file; never waits for one, as opening a pipe would.
   *
   * @param role what messages call it: "Kernel" or "Initrd"
   * @throws InvalidConfigException if it is missing, unreadable, empty or not a regular file
   */
  static ImageFile open(String role, Path path) throws InvalidConfigException {
    String label = role + " " + path;
    try {
      BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
      if (attributes.isDirectory()) {
        throw new InvalidConfigException(label + ": it is a folder; name a file.");
      }
      if (!attributes.isRegularFile()) {
        throw new InvalidConfigException(
            label + ": it is a device, a pipe or a socket; name a regular file.");
      }
      if (attributes.size() == 0) {
        throw new InvalidConfigException(label + ": the file is empty; name another one.");
      }
      FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
      return new ImageFile(role, path, channel, attributes.size());
    } catch (NoSuchFileException e) {
      throw new InvalidConfigException(label + ": there is no such file; check the path.", e);
    } catch (AccessDeniedException e) {
      throw new InvalidConfigException(
          label + ": it may not be read; give your user read permission.", e);
    } catch (IOException e) {
      throw unreadable(label, e);
    }
  }

  @Override
  public String label() {
    return role + " " + path;
  }

  @Override
  public String path() {
    return path.toString();
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public void read(long position, ByteBuffer target) throws InvalidConfigException {
    try {
      long at = position;
      while (target.hasRemaining()) {
        int count = channel.read(target, at);
        if (count < 0) {
          throw new InvalidConfigException(
              "%s: it shrank to %d bytes while it was being read; start again once it is complete."
                  .formatted(label(), at));
        }
        at += count;
      }
    } catch (IOException e) {
      throw unreadable(label(), e);
    }
  }

  @Override
  public void close() throws InvalidConfigException {
    try {
      channel.close();
    } catch (IOException e) {
      throw unreadable(label(), e);
    }
  }

  private static InvalidConfigException unreadable(String label, IOException e) {
    // The message of a FileSystemException repeats the path; its reason does not.
    String reason = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
    if (reason == null) {
      reason = e.getClass().getSimpleName();
    }
    return new InvalidConfigException(
        "%s: it cannot be read (%s); check the file and the disk that it is on."
            .formatted(label, reason),
        e);
  }
}
