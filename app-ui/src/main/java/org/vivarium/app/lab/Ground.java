package org.vivarium.app.lab;

import java.nio.file.Path;
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
  default Running start(ImageProcess process) throws BenchException, ImageException {
    return start(process, Extras.NONE);
  }

  /** Starts a process that has something beyond its image. */
  Running start(ImageProcess process, Extras extras) throws BenchException, ImageException;

  /** Where a process finds the disk that it is given. */
  String disk(Path file) throws BenchException, ImageException;

  /**
   * Opens the way from the host to the port that the last process was started with.
   *
   * @throws BenchException if this side has none
   */
  Link connect(Running running, Extras extras) throws BenchException;

  /**
   * Runs a process under the eyes of a tracer, to its end.
   *
   * @throws BenchException if this side cannot be traced
   */
  void trace(ImageProcess process, Tracer tracer)
      throws BenchException, ImageException, InterruptedException;

  /**
   * Whether the instance cannot take all of the computer's processes and memory.
   *
   * @param running one of this side
   */
  boolean limitsProcesses(Running running) throws BenchException;

  /**
   * Makes the storage of a new instance and takes it away again.
   *
   * @param full whether everything is copied, else it refers to the image's
   * @return nanoseconds that the making took
   */
  long create(boolean full) throws BenchException, ImageException;

  /**
   * Where the time of a start went that has been measured, milliseconds by what happened, in its
   * order; nothing where that takes a start of its own.
   *
   * @param first nanoseconds to its first output
   * @see #timeline
   */
  default Map<String, Double> stages(Running running, long first) {
    return Map.of();
  }

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
  Map<String, Double> sizes() throws BenchException, ImageException;

  @Override
  void close() throws BenchException;
}
