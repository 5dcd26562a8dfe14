package org.vivarium.vmm.engine;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;

/**
 * A machine, whichever engine runs it.
 *
 * <p>Any thread may call any method. After the machine has ended, requests other than {@link
 * #await}, {@link #state} and {@link #close} do nothing.
 */
public interface VirtualMachine extends AutoCloseable {
  /**
   * Starts the processors of a machine in state {@link MachineState#CREATED}.
   *
   * @throws VmmException if the host refuses; the machine is then in state FAILED
   */
  void start() throws VmmException;

  /** Its state now. */
  MachineState state();

  /**
   * Waits for the machine to end.
   *
   * @return how it ended, or empty if {@code timeout} passed first
   */
  Optional<Outcome> await(Duration timeout) throws InterruptedException;

  /**
   * Gives the guest input on its serial console.
   *
   * @return how many of the bytes were taken, 0 if its buffer is full; offer the rest later
   */
  int input(byte[] bytes, int offset, int length);

  /**
   * What the engine has counted since the machine's last start, by name: {@code exit.io} and the
   * like for exits to this process by reason, {@code kvm.*} for the kernel's own counters. Empty
   * where the engine counts nothing, and after the end.
   */
  default Map<String, Long> counters() {
    return Map.of();
  }

  /**
   * What {@link #counters} said at the moment when the guest reported a stage of its boot, before
   * it ran on; empty before that, and where the engine was not made to count for a measurement.
   */
  default Map<String, Long> countersAt(BootStage stage) {
    return Map.of();
  }

  /**
   * Gives the guest input on its virtio console, as {@link #input} does on the serial one.
   *
   * @return how many of the bytes were taken; offer the rest later
   */
  default int virtioInput(byte[] bytes, int offset, int length) {
    return 0;
  }

  /** Tells the virtio console how large the window is that shows it, in characters. */
  default void resizeConsole(int columns, int rows) throws VmmException {
    throw unable("tell its console a size");
  }

  /** Attaches a disk to the running machine; the guest finds it. */
  default void attachDisk(DiskConfig disk) throws VmmException {
    throw unable("take a disk while it runs");
  }

  /** Takes a disk from the running machine; returns when the guest has let go of it. */
  default void detachDisk(String id) throws VmmException {
    throw unable("let go of a disk while it runs");
  }

  /** Makes a disk larger, to {@code bytes}; the running guest is told. */
  default void resizeDisk(String id, long bytes) throws VmmException {
    throw unable("change a disk's size while it runs");
  }

  /** Plugs or unplugs a network card's cable. */
  default void setLink(String id, boolean up) throws VmmException {
    throw unable("change a link while it runs");
  }

  /** Replaces the forwarded ports of a card on the user network. */
  default void setForwards(String id, List<PortForward> forwards) throws VmmException {
    throw unable("change its forwarded ports while it runs");
  }

  /** Replaces the limit of a disk or a network card. */
  default void setLimit(String id, RateLimit limit) throws VmmException {
    throw unable("change a limit while it runs");
  }

  /** Asks the guest to give up memory until {@code bytes} are left to it. */
  default void setBalloonTarget(long bytes) throws VmmException {
    throw unable("change its memory while it runs");
  }

  /** Memory as the guest last told of it; empty without a balloon driver in the guest. */
  default Optional<GuestMemoryFigures> guestMemory() {
    return Optional.empty();
  }

  /** What each disk and network card has done. */
  default List<DeviceFigures> deviceFigures() {
    return List.of();
  }

  /** The process whose threads run the guest's processors, as the host's kernel numbers it. */
  default long hostPid() {
    return ProcessHandle.current().pid();
  }

  private static VmmException unable(String what) {
    return new VmmException("This machine's engine cannot " + what + ".");
  }

  /** Presses the power button; a guest that listens shuts itself down. */
  void pressPowerButton() throws VmmException;

  /** Stops the processors between two instructions. */
  void pause() throws VmmException;

  /** Lets a paused machine run on. */
  void resume() throws VmmException;

  /** Restarts the machine as its reset button would: nothing in the guest is saved. */
  void reset() throws VmmException;

  /** Ends the machine at once; nothing in the guest is saved. Returns when it has ended. */
  void kill();

  /** Kills the machine if it runs and gives back all that it holds; nothing stays behind. */
  @Override
  void close();
}
