package org.vivarium.vmm;

import java.nio.file.Path;
import java.util.Map;

/**
 * Where Vivarium keeps things.
 *
 * @param home machines and images: {@code VIVARIUM_HOME}, else {@code $XDG_DATA_HOME/vivarium},
 *     else {@code ~/.local/share/vivarium}
 */
public record Folders(Path home) {
  /** The folders of the person who runs this process. */
  public static Folders standard() {
    return of(System.getenv());
  }

  /** The folders that a process with these environment variables uses. */
  public static Folders of(Map<String, String> environment) {
    return of(environment, Path.of(System.getProperty("user.home", "/")));
  }

  static Folders of(Map<String, String> environment, Path userHome) {
    String own = environment.getOrDefault("VIVARIUM_HOME", "");
    if (!own.isEmpty()) {
      return new Folders(Path.of(own));
    }
    return new Folders(usualHome(environment, userHome));
  }

  /** The home of a person who has not chosen another, absolute. */
  public static Path usualHome(Map<String, String> environment) {
    return usualHome(environment, Path.of(System.getProperty("user.home", "/")));
  }

  private static Path usualHome(Map<String, String> environment, Path userHome) {
    String data = environment.getOrDefault("XDG_DATA_HOME", "");
    // The XDG Base Directory Specification: a relative path is to be ignored.
    Path base = data.startsWith("/") ? Path.of(data) : userHome.resolve(".local/share");
    return base.resolve("vivarium").toAbsolutePath().normalize();
  }

  /** The machines' folders. */
  public Path vms() {
    return home.resolve("vms");
  }

  /** The shared, read-only images. */
  public Path images() {
    return home.resolve("images");
  }
}
