package org.vivarium.app.doctor;

import java.util.List;
import java.util.Optional;

/** The computer as the checks see it. Paths are absolute. */
public interface Host {
  /** Returns the text of a file, or nothing if it is not there or cannot be read. */
  Optional<String> read(String path);

  /** Returns whether a file, folder or device is there. */
  boolean exists(String path);

  /** Returns whether this user may read and write a file or device. */
  boolean canReadAndWrite(String path);

  /** Returns the names in a folder, or an empty list if it is not there or cannot be read. */
  List<String> list(String folder);

  /** Returns the path of a program on the search path or in a folder for administrators. */
  Optional<String> program(String name);

  /**
   * Runs a program briefly and returns the first line that it printed.
   *
   * @param command the program and its arguments
   * @return nothing if it cannot be started, fails, prints nothing or takes too long
   */
  Optional<String> firstLine(List<String> command);

  /** Returns an environment variable that is set and not empty. */
  Optional<String> variable(String name);

  /** Returns the version of the kernel's Landlock, or 0 if it has none or it is turned off. */
  int landlock();

  /** Returns whether a mount namespace can keep a machine's process to its own files. */
  boolean mountNamespace();

  /** Returns the bytes that are free for this user on the file system that holds a path. */
  long freeBytes(String path);
}
