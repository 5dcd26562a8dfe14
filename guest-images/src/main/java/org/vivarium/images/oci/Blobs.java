package org.vivarium.images.oci;

import java.io.IOException;
import java.io.InputStream;
import org.vivarium.images.ImageException;

/** The files that an image comes in, by names such as "index.json". Belongs to one thread. */
interface Blobs extends AutoCloseable {
  /** Returns whether there is such a file. */
  boolean has(String name);

  /**
   * Returns the bytes of a file; only one stream may be open at a time.
   *
   * @throws ImageException if there is no such file
   */
  InputStream open(String name) throws IOException, ImageException;

  /** Returns how many bytes a file has, 0 if there is none. */
  long size(String name) throws IOException;

  @Override
  void close() throws IOException;
}
