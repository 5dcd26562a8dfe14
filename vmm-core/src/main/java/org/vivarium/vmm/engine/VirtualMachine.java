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
  int virtioInput(byte[] bytes, int offset, int length);

  /** Tells the virtio console how large the window is that shows it, in characters. */
  default void resizeConsole(int columns, int rows) throws VmmException {
    throw unable("tell its console a size");
  }

  /** Attaches a disk to the running machine; the guest finds it. */
  void attachDisk(DiskConfig disk) throws VmmException;

  /** Takes a disk from the running machine; returns when the guest has let go of it. */
  void detachDisk(String id) throws VmmException;

  /** Makes a disk larger, to {@code bytes}; the running guest is told. */
  void resizeDisk(String id, long bytes) throws VmmException;

  /** Plugs or unplugs a network card's cable. */
  void setLink(String id, boolean up) throws VmmException;

  /** Replaces the forwarded ports of a card on the user network. */
  void setForwards(String id, List<PortForward> forwards) throws VmmException;

  /** Replaces the limit of a disk or a network card. */
  void setLimit(String id, RateLimit limit) throws VmmException;

  /** Asks the guest to give up memory until {@code bytes} are left to it. */
  void setBalloonTarget(long bytes) throws VmmException;

  /** Memory as the guest last told of it; empty without a balloon driver in the guest. */
  Optional<GuestMemoryFigures> guestMemory();

  /** What each disk and network card has done. */
  List<DeviceFigures> deviceFigures();

  /** The guest's IPv4 address on its first card that tells one, as the guest says. */
  default Optional<String> guestAddress() {
    return Optional.empty();
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
