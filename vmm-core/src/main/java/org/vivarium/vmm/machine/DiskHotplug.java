package org.vivarium.vmm.machine;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.pci.PciHotplug;

/**
 * Tells the guest of disks that come and asks for those that are to go. Any thread.
 *
 * <p>An eject that nobody asked for changes nothing: the guest has switched the slot off and may
 * switch it on again.
 */
final class DiskHotplug {
  private final PciHotplug registers;
  private final Map<Integer, CompletableFuture<@Nullable Void>> leaving = new ConcurrentHashMap<>();

  /**
   * @param event raises the general-purpose event of hot-plug
   */
  DiskHotplug(Runnable event) {
    registers = new PciHotplug(event, this::ejected);
  }

  /** What the guest's control methods read and write. */
  PciHotplug registers() {
    return registers;
  }

  /** A device was put into the slot. */
  void announce(int slot) {
    registers.announce(slot);
  }

  /** Asks the guest to let go of the slot's device; completed once it has. */
  CompletableFuture<@Nullable Void> requestEject(int slot) {
    CompletableFuture<@Nullable Void> gone = new CompletableFuture<>();
    leaving.put(slot, gone);
    registers.requestEject(slot);
    return gone;
  }

  private void ejected(int slot) {
    CompletableFuture<@Nullable Void> waiting = leaving.remove(slot);
    if (waiting != null) {
      waiting.complete(null);
    }
  }
}
