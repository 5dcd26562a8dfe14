package org.vivarium.vmm.engine.qemu;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.engine.DeviceControl;
import org.vivarium.vmm.engine.DeviceFigures;
import org.vivarium.vmm.engine.GuestMemoryFigures;
import org.vivarium.vmm.engine.LifeCycle;

/**
 * What is asked of a QEMU's devices, one request at a time, as long as it lives; after its end
 * nothing happens.
 */
final class QemuDeviceRequests implements DeviceControl {
  private static final LazyLogger LOG = LazyLogger.of(QemuDeviceRequests.class);

  @FunctionalInterface
  private interface Question<T> {
    T ask() throws VmmException;
  }

  @FunctionalInterface
  private interface Change {
    void make() throws VmmException;
  }

  private final QemuDevices devices;
  private final LifeCycle life;
  private final ReentrantLock request;

  /**
   * @param request held while a request runs
   */
  QemuDeviceRequests(QemuDevices devices, LifeCycle life, ReentrantLock request) {
    this.devices = devices;
    this.life = life;
    this.request = request;
  }

  private <T> T ask(T afterTheEnd, Question<T> question) throws VmmException {
    request.lock();
    try {
      return life.state().isEnd() ? afterTheEnd : question.ask();
    } catch (Qmp.Ended e) {
      LOG.debug("QEMU ended before its devices answered", e);
      return afterTheEnd;
    } finally {
      request.unlock();
    }
  }

  private void change(Change change) throws VmmException {
    boolean _ =
        ask(
            false,
            () -> {
              change.make();
              return true;
            });
  }

  @Override
  public void attachDisk(DiskConfig disk) throws VmmException {
    change(() -> devices.attachDisk(disk));
  }

  @Override
  public void detachDisk(String id) throws VmmException {
    change(() -> devices.detachDisk(id));
  }

  @Override
  public void resizeDisk(String id, long bytes) throws VmmException {
    change(() -> devices.resizeDisk(id, bytes));
  }

  @Override
  public void setLink(String id, boolean up) throws VmmException {
    change(() -> devices.setLink(id, up));
  }

  @Override
  public void setForwards(String id, List<PortForward> forwards) throws VmmException {
    change(() -> devices.setForwards(id, forwards));
  }

  @Override
  public void setLimit(String id, RateLimit limit) throws VmmException {
    change(() -> devices.setLimit(id, limit));
  }

  @Override
  public void setBalloonTarget(long bytes) throws VmmException {
    change(() -> devices.setBalloonTarget(bytes));
  }

  @Override
  public Optional<GuestMemoryFigures> guestMemory() throws VmmException {
    return ask(Optional.empty(), devices::guestMemory);
  }

  @Override
  public List<DeviceFigures> deviceFigures() throws VmmException {
    return ask(List.of(), devices::figures);
  }
}
