package org.vivarium.images;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Writes files so that a crash leaves either nothing or the whole under the final name. */
public final class DurableFiles {
  /** What texts are written in. */
  public static final Charset TEXT = StandardCharsets.UTF_8;

  private DurableFiles() {}

  /** Replaces a file of a folder in one step. */
  public static void write(Path folder, String name, byte[] content) throws IOException {
    Path temporary = Files.createTempFile(folder, ".new", ".tmp");
    try {
      writeSynced(temporary, content);
      Files.move(temporary, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
    sync(folder);
  }

  /** Writes a file and waits until it is on the disk. */
  public static void writeSynced(Path file, byte[] content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      ByteBuffer rest = ByteBuffer.wrap(content);
      while (rest.hasRemaining()) {
        channel.write(rest);
      }
      channel.force(true);
    }
  }

  /** Waits until a folder's entries are on the disk. */
  public static void sync(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Moves a finished folder to its final name in another folder. */
  public static void publish(Path temporary, Path folder, String name) throws IOException {
    sync(temporary);
    Files.move(temporary, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    sync(folder);
  }

  /** Deletes a folder and all below it, if it is there; symbolic links are not followed. */
  public static void deleteFolder(Path folder) throws IOException {
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        deleteFolder(entry);
        Files.deleteIfExists(entry);
      }
    }
    Files.deleteIfExists(folder);
  }
}
