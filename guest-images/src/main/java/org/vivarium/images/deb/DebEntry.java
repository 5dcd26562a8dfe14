package org.vivarium.images.deb;

/**
 * One entry of a package's file tree.
 *
 * @param path where it is installed, relative to the root, without "./" and never leaving it
 *     ("boot/vmlinuz-6.1.0-56-cloud-amd64")
 * @param kind what it is
 * @param size bytes of a file, else 0
 * @param target what a link points to, else empty
 * @param mode permission bits, 0 to 07777
 */
public record DebEntry(String path, Kind kind, long size, String target, int mode) {
  /** The kinds of entries that packages hold; device nodes and pipes are refused. */
  public enum Kind {
    FILE,
    DIRECTORY,
    SYMBOLIC_LINK,
    HARD_LINK
  }
}
