package org.vivarium.devices.pci;

import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.EventFd;

/**
 * Where one MSI-X vector's messages go: a GSI route and an irqfd, in a machine that has them.
 *
 * <p>Called on any thread with the device's lock held; must neither block nor call the device back.
 */
public interface MsixVector {
  /**
   * The guest made the vector deliverable with this message, or undeliverable. Called when that or
   * the message changed, never for a masked vector's message; a masked vector needs no route.
   *
   * @param address where the message is written, a guest-physical address
   * @param data the message
   * @param deliverable MSI-X is enabled, and neither the function nor the vector is masked
   */
  void update(long address, int data, boolean deliverable);

  /** Sends the message. Called only between updates that said deliverable and not. */
  void trigger();

  /**
   * An event whose signal sends the message as {@link #trigger} does, for those who cannot call it:
   * the kernel. To be used only between the same updates; null if there is none.
   */
  default @Nullable EventFd event() {
    return null;
  }
}
