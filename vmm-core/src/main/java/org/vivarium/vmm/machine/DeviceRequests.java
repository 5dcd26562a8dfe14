package org.vivarium.vmm.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.KvmException;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.engine.DeviceControl;
import org.vivarium.vmm.engine.DeviceFigures;
import org.vivarium.vmm.engine.GuestMemoryFigures;

/**
 * What people ask of a machine's devices while it runs. Any thread; the work is done on the control
 * thread, the waiting for the guest on the caller's.
 */
final class DeviceRequests implements DeviceControl {
  /** How long a guest may take to let go of a disk. */
  private static final int UNPLUG_SECONDS = 30;

  /** Most columns or rows that a virtio console can be told of. */
  private static final int MOST_CHARACTERS = 0xFFFF;

  /** The machine, as the control thread sees it; each throws after the machine's end. */
  interface Machine {
    /** The present life's hardware. */
    Hardware running() throws VmmException;

    /** The host's ends of its devices. */
    HostDevices hostDevices() throws VmmException;

    /** Whether the guest has been started, so that it has to agree to what is taken away. */
    boolean isStarted();
  }

  private final ControlThread control;
  private final Machine machine;

  DeviceRequests(ControlThread control, Machine machine) {
    this.control = control;
    this.machine = machine;
  }

  @Override
  public void attachDisk(DiskConfig config) throws VmmException {
    control.call(
        () -> {
          HostDevices host = machine.hostDevices();
          Hardware hardware = machine.running();
          HostDevices.Disk disk = host.addDisk(config);
          try {
            hardware.virtio().plugDisk(disk);
          } catch (KvmException e) {
            host.removeDisk(disk);
            throw new VmmException("Disk %s: %s".formatted(config.id(), e.getMessage()), e);
          }
          hardware.hotplug().announce(disk.slot());
        });
  }

  /** Waits until the guest has let go of the disk. */
  @Override
  public void detachDisk(String id) throws VmmException {
    List<CompletableFuture<@Nullable Void>> asked = new ArrayList<>();
    control.call(
        () -> {
          HostDevices.Disk disk = machine.hostDevices().disk(id);
          if (machine.isStarted()) {
            asked.add(machine.running().hotplug().requestEject(disk.slot()));
          }
        });
    for (CompletableFuture<@Nullable Void> gone : asked) {
      await(id, gone);
    }
    control.call(
        () -> {
          HostDevices host = machine.hostDevices();
          HostDevices.Disk disk = host.disk(id);
          machine.running().virtio().unplugDisk(disk);
          host.removeDisk(disk);
        });
  }

  private static void await(String id, CompletableFuture<@Nullable Void> gone) throws VmmException {
    try {
      gone.get(UNPLUG_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new VmmException(
          "Disk %s: the guest has not let go of it within %d seconds; it may be paused or have no ACPI."
              .formatted(id, UNPLUG_SECONDS),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new VmmException("Disk %s: waiting for the guest was interrupted.".formatted(id), e);
    } catch (ExecutionException e) {
      throw new VmmException("Disk %s: the guest did not let go of it.".formatted(id), e);
    }
  }

  @Override
  public void resizeDisk(String id, long bytes) throws VmmException {
    control.call(
        () -> {
          machine.hostDevices().resizeDisk(id, bytes);
          machine.running().virtio().capacityChanged(id);
        });
  }

  @Override
  public void setLink(String id, boolean up) throws VmmException {
    control.call(
        () -> {
          machine.hostDevices().networks().setLink(id, up);
          machine.running().virtio().setLink(id, up);
        });
  }

  @Override
  public void setLimit(String id, RateLimit limit) throws VmmException {
    RateLimit checked = RateLimit.of(limit.bytesPerSecond(), limit.operationsPerSecond());
    control.call(
        () -> {
          machine.hostDevices().setLimit(id, checked);
          try {
            machine.running().virtio().setLimit(id, checked);
          } catch (KvmException e) {
            throw new VmmException("Limit of %s: %s".formatted(id, e.getMessage()), e);
          }
        });
  }

  @Override
  public void setForwards(String id, List<PortForward> forwards) throws VmmException {
    control.call(() -> machine.hostDevices().networks().setForwards(id, forwards));
  }

  @Override
  public void setBalloonTarget(long bytes) throws VmmException {
    control.call(
        () -> {
          machine.hostDevices().leaveToGuest(bytes);
          machine.running().virtio().balloonTargetChanged();
        });
  }

  @Override
  public Optional<GuestMemoryFigures> guestMemory() throws VmmException {
    return machine.running().virtio().guestMemory();
  }

  @Override
  public Optional<String> guestAddress() throws VmmException {
    return machine.running().virtio().guestAddress();
  }

  @Override
  public List<DeviceFigures> deviceFigures() throws VmmException {
    return machine.running().virtio().figures();
  }

  void resizeConsole(int columns, int rows) throws VmmException {
    if (columns < 1 || columns > MOST_CHARACTERS || rows < 1 || rows > MOST_CHARACTERS) {
      throw new InvalidConfigException(
          "A console of %d by %d characters is not possible; choose 1 to %d of each."
              .formatted(columns, rows, MOST_CHARACTERS));
    }
    control.call(() -> machine.running().virtio().resizeConsole(columns, rows));
  }
}
