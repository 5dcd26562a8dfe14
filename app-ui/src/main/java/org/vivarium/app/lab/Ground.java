package org.vivarium.app.lab;

import java.util.Map;
import org.vivarium.app.bench.BenchException;
import org.vivarium.images.ImageException;
import org.vivarium.images.oci.ImageProcess;

/** Runs processes of one image as one side. Belongs to one thread. */
interface Ground extends AutoCloseable {
  Side side();

  /** Whether its figures may stand beside others. */
  boolean comparable();

  /** Starts a process; its standard input is empty. */
  Running start(ImageProcess process) throws BenchException, ImageException;

  /**
   * Where the time of one start goes, milliseconds by what happens, in its order. Stops the process
   * after its first output.
   */
  Map<String, Double> timeline(ImageProcess process)
      throws BenchException, ImageException, InterruptedException;

  /**
   * What an idle instance costs.
   *
   * @return MiB by the ids of {@link Rows}
   */
  Map<String, Double> memory(Running running) throws BenchException;

  /** What it keeps on the disk, MiB by the ids of {@link Rows}. */
  Map<String, Double> sizes() throws BenchException;

  @Override
  void close() throws BenchException;
}
