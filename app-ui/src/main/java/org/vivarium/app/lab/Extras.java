package org.vivarium.app.lab;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What a process gets beyond its image.
 *
 * @param disk a file of the host that {@link Ground#disk} shows to the process
 * @param port that the process listens on and {@link Ground#connect} reaches; 0 for none
 */
record Extras(Optional<Path> disk, int port) {
  static final Extras NONE = new Extras(Optional.empty(), 0);

  static Extras disk(Path file) {
    return new Extras(Optional.of(file), 0);
  }

  static Extras port(int port) {
    return new Extras(Optional.empty(), port);
  }
}
