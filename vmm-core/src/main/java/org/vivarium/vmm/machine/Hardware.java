package org.vivarium.vmm.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.vivarium.devices.legacy.AcpiPm;
import org.vivarium.devices.legacy.Serial16550;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.KvmVm;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.cpu.Vcpu;

/**
 * One life of a machine's hardware: from power-on to power-off or reset.
 *
 * <p>Owned by the control thread; {@link #serialInput} and {@link #counters} may be called from
 * any. Taken down in this order: processors end and are joined, each closing its own file
 * descriptor; virtio devices finish what is in flight; interrupt lines; the virtual machine; guest
 * memory.
 */
final class Hardware {
  /**
   * What a life of hardware holds.
   *
   * @param signals where its processors and devices report to
   */
  record Parts(
      KvmVm vm,
      GuestMemory memory,
      InterruptLines lines,
      Devices devices,
      List<Vcpu> vcpus,
      MachineSignals signals) {
    /**
     * Frees all of it in the one order that is safe: devices come to rest only when no processor
     * can start them anew, and memory goes when nothing reaches it any more.
     */
    void free() throws InterruptedException {
      endProcessors(vcpus);
      devices.virtio().takeDown();
      lines.close();
      vm.close();
      memory.close();
    }
  }

  /** Devices that the machine's control speaks to. */
  record Devices(Serial16550 serial, AcpiPm pm, VirtioDevices virtio, DiskHotplug hotplug) {}

  private final Parts parts;
  private long clockAtPause = -1;

  Hardware(Parts parts) {
    this.parts = parts;
  }

  /** Where this hardware reports to: tells one life from the next. */
  MachineSignals signals() {
    return parts.signals();
  }

  /** Lets the processors run, for the first time. */
  void start() {
    parts.vcpus().forEach(Vcpu::run);
  }

  /** Stops every processor between two instructions, and the guest's clock with them. */
  void pause() throws VmmException, InterruptedException {
    parts.vcpus().forEach(Vcpu::pause);
    for (Vcpu vcpu : parts.vcpus()) {
      vcpu.awaitPaused();
    }
    try {
      clockAtPause = parts.vm().clockNanos();
    } catch (KvmException e) {
      throw new VmmException(e.getMessage(), e);
    }
  }

  /** Lets the processors run on, with the guest's clock where it stood. */
  void resume() throws VmmException {
    try {
      if (clockAtPause >= 0) {
        parts.vm().setClockNanos(clockAtPause);
        clockAtPause = -1;
      }
    } catch (KvmException e) {
      throw new VmmException(e.getMessage(), e);
    }
    parts.vcpus().forEach(Vcpu::run);
  }

  void pressPowerButton() {
    parts.devices().pm().pressPowerButton();
  }

  int serialInput(byte[] bytes, int offset, int length) {
    return parts.devices().serial().input(bytes, offset, length);
  }

  /** The virtio devices. */
  VirtioDevices virtio() {
    return parts.devices().virtio();
  }

  /** How the guest is told of disks that come and go. */
  DiskHotplug hotplug() {
    return parts.devices().hotplug();
  }

  /** Exits by reason over all processors, and the kernel's counters where they were asked for. */
  Map<String, Long> counters() {
    Map<String, Long> sums = new TreeMap<>();
    for (Vcpu vcpu : parts.vcpus()) {
      vcpu.exits().read().forEach((name, count) -> sums.merge("exit." + name, count, Long::sum));
      vcpu.kernelCounters().forEach((name, count) -> sums.merge("kvm." + name, count, Long::sum));
    }
    return sums;
  }

  /** Ends this life and gives back all that it held. */
  void takeDown() throws InterruptedException {
    parts.free();
  }

  /**
   * Ends processors and waits for them; with one that hangs in the kernel nothing may be unmapped.
   */
  static void endProcessors(List<Vcpu> vcpus) throws InterruptedException {
    List<Vcpu> all = new ArrayList<>(vcpus);
    all.forEach(Vcpu::end);
    for (Vcpu vcpu : all) {
      vcpu.join();
    }
  }
}
