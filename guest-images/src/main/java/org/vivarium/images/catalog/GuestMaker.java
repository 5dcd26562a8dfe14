package org.vivarium.images.catalog;

import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;

/** Makes one entry's image. Implementations are stateless and safe for any thread. */
interface GuestMaker {
  /** Returns the guest if its image is there; takes milliseconds and starts no process. */
  Optional<PreparedGuest> present() throws ImageException;

  /**
   * Makes the image unless it is there.
   *
   * @throws ImageException if it cannot be made; nothing half-made is kept under a final name
   */
  PreparedGuest make(Progress progress) throws ImageException;

  /** The folder of this entry's images, which need not exist; empty where it has none. */
  Optional<Path> folder();

  /** The names of the folders there that new machines are made of; others are former images. */
  Set<String> current() throws ImageException;
}
