package org.vivarium.images.disk;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The way to make holes in a host file. Java has none; a module with system calls supplies one over
 * fallocate(2) with FALLOC_FL_PUNCH_HOLE and FALLOC_FL_KEEP_SIZE.
 */
public interface HolePuncher {
  /** Makes no holes. */
  HolePuncher NONE =
      _ ->
          new Hole() {
            @Override
            public boolean punch(long offset, long length) {
              return false;
            }

            @Override
            public void close() {}
          };

  /** Opens the file for hole punching. Called once for each image opened for writing. */
  Hole open(Path file) throws IOException;

  /** An open file in which holes can be made. Thread-safe. */
  interface Hole extends AutoCloseable {
    /**
     * Frees the range, which then reads as zeros.
     *
     * @return false, and nothing done, where the file system does not support it
     */
    boolean punch(long offset, long length) throws IOException;

    @Override
    void close() throws IOException;
  }
}
