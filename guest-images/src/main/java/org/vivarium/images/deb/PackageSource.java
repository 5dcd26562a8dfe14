package org.vivarium.images.deb;

import java.nio.file.Path;
import java.util.Optional;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;

/** A place that Debian packages come from. Belongs to one thread at a time. */
public interface PackageSource {
  /**
   * Looks a package up in the index, the newest version of it.
   *
   * @throws ImageException if the index cannot be had
   */
  Optional<DebPackage> find(String name) throws ImageException;

  /**
   * Fetches a package and checks its size and SHA-256.
   *
   * @param target the file to make; it appears whole or not at all
   * @throws ImageException if it cannot be fetched or is not what the index promised
   */
  void fetch(DebPackage wanted, Path target, Progress progress) throws ImageException;

  /**
   * Brings the index up to date.
   *
   * @throws ImageException if the index cannot be fetched; the former one stays in use
   */
  void refresh(Progress progress) throws ImageException;

  /**
   * Names the state of the index at no cost: as long as the text stays the same, the index holds
   * the same packages.
   */
  String indexState();
}
