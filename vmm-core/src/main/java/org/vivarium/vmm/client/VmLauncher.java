package org.vivarium.vmm.client;

import java.nio.file.Path;
import java.time.Instant;
import java.util.OptionalLong;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.VmmException;

/** Starts the process of a machine. */
@FunctionalInterface
public interface VmLauncher {
  /**
   * Starts a process that outlives this one, and waits until its machine runs.
   *
   * @param folders where the process finds machines and images
   * @param machine the machine's folder
   * @param asked when the start was asked for: what the machine's boot stages count from
   * @throws VmmException why the machine does not run; its process has ended then
   */
  void launch(Folders folders, Path machine, Instant asked) throws VmmException;

  /**
   * Has the process of a machine that is off ready, so that its start takes less time; it replaces
   * another machine's, and does nothing if there is one. It holds nothing of the machine until
   * {@link #launch} uses it, and ends with this process.
   *
   * @throws VmmException if the host refuses
   */
  default void prepare(Folders folders, Path machine) throws VmmException {}

  /** The number of the process that is ready, if there is one; it may have ended since. */
  default OptionalLong prepared() {
    return OptionalLong.empty();
  }

  /** Ends the process that is ready, if there is one. */
  default void forget() {}

  /** Ends the process that is ready, if it is this machine's. */
  default void forget(Path machine) {}
}
