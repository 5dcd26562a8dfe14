package org.vivarium.images.oci;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;

/**
 * The regular files of one layer, numbered as its archive has them. They are kept once, by the
 * layer's digest, and belong to all images that have the layer: root folders hold hard links to
 * them. Used by one thread, until {@link #keep}.
 */
final class LayerFiles {
  /** Set-user-ID, set-group-ID and sticky. */
  static final int SPECIAL_BITS = 07000;

  private final Path store;
  private final String name;
  private final Path folder;
  private final Path work;
  private final boolean present;
  private final boolean privileged;
  private int count;

  /**
   * @param store where the files of all layers are kept
   * @param layer the digest of its archive
   * @param work where they are gathered unless they are there; on the same disk
   * @param privileged whether owners can be set
   */
  LayerFiles(Path store, Digest layer, Path work, boolean privileged) {
    this.store = store;
    this.name = layer.hex();
    this.folder = store.resolve(name);
    this.work = work;
    this.present = Files.exists(folder);
    this.privileged = privileged;
  }

  /**
   * Takes the next file.
   *
   * @param content read to its end unless the file is there already
   * @param size as the archive tells it
   */
  Node.File add(Attributes attributes, InputStream content, long size)
      throws IOException, ImageException {
    String number = Integer.toString(count++);
    Path file = folder.resolve(number);
    if (present) {
      if (!Files.exists(file) || Files.size(file) != size) {
        throw new ImageException(
            "The layer's file %s is damaged; delete its folder and try again.".formatted(file));
      }
      return new Node.File(attributes, file, size);
    }
    Files.createDirectories(work);
    Path target = work.resolve(number);
    long written = Files.copy(content, target);
    describe(target, attributes, privileged, 0400);
    return new Node.File(attributes, file, written);
  }

  /** Owner first: a change of owner takes set-user-ID away. */
  static void describe(Path path, Attributes attributes, boolean privileged, int atLeast)
      throws IOException {
    int mode = attributes.mode();
    if (privileged) {
      RootFolder.own(path, attributes);
    } else {
      // Without its owner, a program that takes on who that is would be another one.
      mode = (mode | atLeast) & ~SPECIAL_BITS;
    }
    Files.setAttribute(path, "unix:mode", mode);
    Files.setLastModifiedTime(path, FileTime.fromMillis(attributes.modified() * 1000));
  }

  /** Gives the files their place, now that the layer is known to be whole. */
  void keep() throws IOException {
    if (!present && count > 0) {
      Files.createDirectories(store);
      OciStore.publish(work, store, name);
      DurableFiles.deleteFolder(work);
    }
  }
}
