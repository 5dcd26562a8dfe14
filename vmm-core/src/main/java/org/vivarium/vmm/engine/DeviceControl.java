package org.vivarium.vmm.engine;

import java.util.List;
import java.util.Optional;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;

/**
 * What can be asked of a machine's devices while it runs; the methods are those of {@link
 * VirtualMachine}. Any thread.
 */
public interface DeviceControl {
  /** {@link VirtualMachine#attachDisk}. */
  void attachDisk(DiskConfig disk) throws VmmException;

  /** {@link VirtualMachine#detachDisk}. */
  void detachDisk(String id) throws VmmException;

  /** {@link VirtualMachine#resizeDisk}. */
  void resizeDisk(String id, long bytes) throws VmmException;

  /** {@link VirtualMachine#setLink}. */
  void setLink(String id, boolean up) throws VmmException;

  /** {@link VirtualMachine#setForwards}. */
  void setForwards(String id, List<PortForward> forwards) throws VmmException;

  /** {@link VirtualMachine#setLimit}. */
  void setLimit(String id, RateLimit limit) throws VmmException;

  /** {@link VirtualMachine#setBalloonTarget}. */
  void setBalloonTarget(long bytes) throws VmmException;

  /**
   * {@link VirtualMachine#guestMemory}.
   *
   * @throws VmmException if it cannot be told now
   */
  Optional<GuestMemoryFigures> guestMemory() throws VmmException;

  /**
   * {@link VirtualMachine#guestAddress}.
   *
   * @throws VmmException if it cannot be told now
   */
  default Optional<String> guestAddress() throws VmmException {
    return Optional.empty();
  }

  /**
   * {@link VirtualMachine#deviceFigures}.
   *
   * @throws VmmException if they cannot be told now
   */
  List<DeviceFigures> deviceFigures() throws VmmException;
}
