package org.vivarium.app.cli;

import java.util.Optional;
import org.vivarium.kvm.Terminal;
import org.vivarium.vmm.VmmException;

/**
 * The terminal of this process, as far as there is one. File descriptors are {@link Terminal}'s.
 */
interface Tty {
  /** Whether a file descriptor of this process is a terminal. */
  boolean isTerminal(int fd);

  /** The size of the terminal that standard output is. */
  Optional<Terminal.Size> size();

  /**
   * Puts the terminal that standard input is into raw mode until the result is closed, or the
   * process ends in whatever way.
   *
   * @throws VmmException if it cannot be
   */
  Raw raw() throws VmmException;

  /** A terminal in raw mode. */
  interface Raw extends AutoCloseable {
    @Override
    void close();
  }
}
