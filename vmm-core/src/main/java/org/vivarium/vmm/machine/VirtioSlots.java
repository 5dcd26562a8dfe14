package org.vivarium.vmm.machine;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.vivarium.devices.pci.PciBus;
import org.vivarium.devices.virtio.transport.QueueNotifier;
import org.vivarium.devices.virtio.transport.VirtioDevice;
import org.vivarium.devices.virtio.transport.VirtioPciTransport;
import org.vivarium.kvm.EventFd;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.KvmVm;

/**
 * The virtio devices of one life of hardware, each in its PCI slot, with its notifications
 * (ioeventfds) and its interrupts (irqfds).
 *
 * <p>Owned by the control thread.
 */
final class VirtioSlots {
  /** How often a wait for devices looks whether one of their threads has died. */
  private static final long LOOK_MILLIS = 100;

  /** How long devices may take to come to rest after a thread of theirs has died. */
  private static final long PATIENCE_MILLIS = 5_000;

  /** What devices are wired to. */
  record Wiring(KvmVm vm, GuestMemory memory, PciBus root, MsixRoutes routes) {}

  private record Plugged(
      VirtioPciTransport transport, List<MsixRoutes.Vector> vectors, Runnable close) {}

  private final Wiring wiring;
  private final BooleanSupplier crashed;
  private final TreeMap<Integer, Plugged> plugged = new TreeMap<>();

  /**
   * @param crashed whether a thread of a device has died, so that it will never come to rest
   */
  VirtioSlots(Wiring wiring, BooleanSupplier crashed) {
    this.wiring = wiring;
    this.crashed = crashed;
  }

  /**
   * Puts a device into a slot that is free.
   *
   * @param name for the log
   * @param close frees what the device holds, once it is at rest
   * @throws KvmException if the host has no more events; {@code close} has been called then
   */
  void plug(int slot, String name, VirtioDevice device, Runnable close) throws KvmException {
    List<MsixRoutes.Vector> vectors = List.of();
    try {
      vectors = wiring.routes().add(device.queueCount() + 1);
      VirtioPciTransport transport =
          new VirtioPciTransport(
              name, device, wiring.memory(), vectors::get, new KvmNotifier(wiring.vm()));
      wiring.root().add(slot, 0, transport);
      plugged.put(slot, new Plugged(transport, vectors, close));
    } catch (KvmException e) {
      wiring.routes().remove(vectors);
      close.run();
      throw e;
    }
  }

  /** Whether a device is in the slot. */
  boolean isTaken(int slot) {
    return plugged.containsKey(slot);
  }

  /** Takes a device away, once nothing of it touches guest memory any more. */
  void unplug(int slot) throws InterruptedException {
    Plugged gone = plugged.remove(slot);
    if (gone != null) {
      takeOut(Map.of(slot, gone));
    }
  }

  /** Takes every device away. The processors have ended. */
  void takeDown() throws InterruptedException {
    takeOut(plugged);
    plugged.clear();
  }

  private void takeOut(Map<Integer, Plugged> gone) throws InterruptedException {
    // Off the bus first: the guest must not start anew what is being brought to rest.
    gone.keySet().forEach(slot -> wiring.root().remove(slot, 0));
    bringToRest(gone.values());
    for (Plugged device : gone.values()) {
      device.close.run();
      device.transport.close();
      wiring.routes().remove(device.vectors);
    }
  }

  private void bringToRest(Collection<Plugged> devices) throws InterruptedException {
    CountDownLatch busy = new CountDownLatch(devices.size());
    devices.forEach(device -> device.transport.quiesce(busy::countDown));
    while (!busy.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
      if (crashed.getAsBoolean()) {
        // The machine ends for it. What a dead thread held stays undone, the others finish.
        boolean _ = busy.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        return;
      }
    }
  }

  /** Has the kernel signal a queue's event when the guest writes its notification register. */
  private record KvmNotifier(KvmVm vm) implements QueueNotifier {
    @Override
    public void attach(long gpa, EventFd kick) throws KvmException {
      vm.attachIoEventFd(kick, at(gpa));
    }

    @Override
    public void detach(long gpa, EventFd kick) throws KvmException {
      vm.detachIoEventFd(kick, at(gpa));
    }

    /** A write of any width. */
    private static KvmVm.IoEvent at(long gpa) {
      return new KvmVm.IoEvent(KvmVm.IoSpace.MMIO, gpa, 0, null);
    }
  }
}
