package org.vivarium.vmm.engine;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.vivarium.vmm.VmmException;

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
