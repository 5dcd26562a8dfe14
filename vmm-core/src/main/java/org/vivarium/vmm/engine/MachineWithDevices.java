package org.vivarium.vmm.engine;

import java.util.List;
import java.util.Optional;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;

/** A machine that leaves its devices to a {@link DeviceControl}. */
public abstract class MachineWithDevices implements VirtualMachine {
  private static final LazyLogger LOG = LazyLogger.of(MachineWithDevices.class);

  /** For subclasses. */
  protected MachineWithDevices() {}

  /** Who deals with the devices. */
  protected abstract DeviceControl devices();

  @Override
  public final void attachDisk(DiskConfig disk) throws VmmException {
    devices().attachDisk(disk);
  }

  @Override
  public final void detachDisk(String id) throws VmmException {
    devices().detachDisk(id);
  }

  @Override
  public final void resizeDisk(String id, long bytes) throws VmmException {
    devices().resizeDisk(id, bytes);
  }

  @Override
  public final void setLink(String id, boolean up) throws VmmException {
    devices().setLink(id, up);
  }

  @Override
  public final void setForwards(String id, List<PortForward> forwards) throws VmmException {
    devices().setForwards(id, forwards);
  }

  @Override
  public final void setLimit(String id, RateLimit limit) throws VmmException {
    devices().setLimit(id, limit);
  }

  @Override
  public final void setBalloonTarget(long bytes) throws VmmException {
    devices().setBalloonTarget(bytes);
  }

  @Override
  public final Optional<GuestMemoryFigures> guestMemory() {
    try {
      return devices().guestMemory();
    } catch (VmmException e) {
      LOG.debug("A guest's memory cannot be told", e);
      return Optional.empty();
    }
  }

  @Override
  public final Optional<String> guestAddress() {
    try {
      return devices().guestAddress();
    } catch (VmmException e) {
      LOG.debug("A guest's address cannot be told", e);
      return Optional.empty();
    }
  }

  @Override
  public final List<DeviceFigures> deviceFigures() {
    try {
      return devices().deviceFigures();
    } catch (VmmException e) {
      LOG.debug("What devices have done cannot be told", e);
      return List.of();
    }
  }
}
