package org.vivarium.devices.virtio.console;

import org.jspecify.annotations.Nullable;
import org.vivarium.devices.legacy.OutputRing;
import org.vivarium.kvm.EventFd;

/**
 * The host's end of a port.
 *
 * <p>Any thread. Input that waits outlives a reset of the device, so that what a person typed while
 * the guest started again is not lost.
 */
public final class ConsolePort {
  private static final Runnable NOTHING = () -> {};

  private final ConsoleConfig.Port config;
  private final PortOutput output;
  private final OutputRing input;
  private volatile Runnable onInputRoom = NOTHING;

  // Events of the port's queues while the device is active; guarded by this object's lock, so that
  // none is signalled after a reset, when it may be closed.
  private @Nullable EventFd receiveKick;
  private @Nullable EventFd transmitKick;

  ConsolePort(ConsoleConfig.Port config, PortOutput output) {
    this.config = config;
    this.output = output;
    this.input = new OutputRing(config.inputCapacity(), this::wakeReceiver);
    this.input.setSpaceListener(() -> onInputRoom.run());
  }

  /** What the port looks like to the guest. */
  public ConsoleConfig.Port config() {
    return config;
  }

  /**
   * Gives the guest input.
   *
   * @return how many bytes were taken, 0 to {@code length}; offer the rest once the input listener
   *     is called
   */
  public int input(byte[] bytes, int offset, int length) {
    return input.offer(bytes, offset, length);
  }

  /** Sets what is called when there is room for input again after some was refused. */
  public void setInputListener(Runnable listener) {
    onInputRoom = listener;
  }

  /** Bytes of input that the guest has not taken. */
  public int waitingInput() {
    return input.size();
  }

  /** The output has room again after it had not taken everything. */
  public synchronized void outputReady() {
    signal(transmitKick);
  }

  PortOutput output() {
    return output;
  }

  /** Moves input out; on the I/O loop. */
  int takeInput(byte[] into, int length) {
    return input.drain(into, 0, length);
  }

  synchronized void connect(@Nullable EventFd receive, @Nullable EventFd transmit) {
    receiveKick = receive;
    transmitKick = transmit;
  }

  synchronized void wakeReceiver() {
    signal(receiveKick);
  }

  private static void signal(@Nullable EventFd kick) {
    if (kick != null) {
      kick.signal();
    }
  }
}
