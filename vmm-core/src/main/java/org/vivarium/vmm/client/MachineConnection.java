package org.vivarium.vmm.client;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;

/**
 * A connection to the process of a running machine. Closing it leaves the machine running.
 *
 * <p>Every method throws {@link VmmException} with a sentence if the machine refuses, or if its
 * process has gone.
 */
public interface MachineConnection extends AutoCloseable {
  /** The machine's name. */
  String name();

  /** How the machine is now. */
  MachineStatus status() throws VmmException;

  /** Presses the power button and leaves it to the guest. */
  void pressPowerButton() throws VmmException;

  /**
   * Presses the power button, again now and then, and forces the machine off if it still runs after
   * {@code patience}.
   *
   * @return whether the guest shut itself down
   */
  boolean shutDown(Duration patience) throws VmmException, InterruptedException;

  /** Turns the machine off at once. Returns when its process has ended. */
  void kill() throws VmmException;

  void pause() throws VmmException;

  void resume() throws VmmException;

  /** Presses the reset button. */
  void reset() throws VmmException;

  void attachDisk(DiskConfig disk) throws VmmException;

  void detachDisk(String id) throws VmmException;

  void resizeDisk(String id, long bytes) throws VmmException;

  void setLink(String id, boolean up) throws VmmException;

  void setForwards(String id, List<PortForward> forwards) throws VmmException;

  void setLimit(String id, RateLimit limit) throws VmmException;

  void setBalloonTarget(long bytes) throws VmmException;

  /**
   * Samples taken after {@code afterMillis} (time of a sample), oldest first; at most 15 minutes.
   */
  List<MetricSample> samples(long afterMillis) throws VmmException;

  /**
   * Has every event and each second's sample pushed to {@code listener}, on a thread of this
   * package; the last notification is {@link Notification.Disconnected}.
   */
  void subscribe(Consumer<Notification> listener) throws VmmException;

  /** Opens a view of a console: what it has shown since the first byte, then what it shows. */
  ConsoleConnection openConsole(Console console) throws VmmException;

  @Override
  void close();

  /** The consoles of a machine. */
  enum Console {
    SERIAL,
    VIRTIO
  }

  /** One view of a console. Reading blocks; close it from another thread to end a read. */
  interface ConsoleConnection extends AutoCloseable {
    /**
     * @return how many bytes were read, -1 when the machine has ended
     */
    int read(byte[] bytes, int offset, int length) throws IOException;

    /** Types. Blocks while the guest does not read. */
    void write(byte[] bytes, int offset, int length) throws IOException;

    /** Tells the guest how large this view is, in characters. */
    void resize(int columns, int rows) throws VmmException;

    @Override
    void close();
  }
}
