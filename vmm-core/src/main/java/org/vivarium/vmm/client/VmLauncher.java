package org.vivarium.vmm.client;

import java.nio.file.Path;
import java.time.Instant;
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
}
