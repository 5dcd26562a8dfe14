package org.vivarium.vmm.machine;

import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.bus.Bus;
import org.vivarium.devices.bus.WiredOrLine;
import org.vivarium.devices.legacy.AcpiGpe;
import org.vivarium.devices.legacy.AcpiPm;
import org.vivarium.devices.legacy.CmosRtc;
import org.vivarium.devices.legacy.DebugPort;
import org.vivarium.devices.legacy.I8042;
import org.vivarium.devices.legacy.OutputRing;
import org.vivarium.devices.legacy.PvPanic;
import org.vivarium.devices.legacy.ResetRegister;
import org.vivarium.devices.legacy.Serial16550;
import org.vivarium.devices.pci.ConfigPorts;
import org.vivarium.devices.pci.EcamWindow;
import org.vivarium.devices.pci.PciBar;
import org.vivarium.devices.pci.PciBus;
import org.vivarium.devices.pci.PciHostBridge;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.GuestMemoryRegion;
import org.vivarium.kvm.Kvm;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.KvmVm;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.acpi.AcpiMachine;
import org.vivarium.vmm.arch.MemoryMap;
import org.vivarium.vmm.arch.X86Layout;
import org.vivarium.vmm.boot.BootTarget;
import org.vivarium.vmm.boot.EntryState;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.cpu.CpuSetup;
import org.vivarium.vmm.cpu.CpuidTemplate;
import org.vivarium.vmm.cpu.Vcpu;

/** Puts a machine's hardware together: the one place that knows every part. */
final class HardwareBuilder {
  /** Bytes typed ahead that the serial port keeps for the guest. */
  private static final int SERIAL_INPUT = 4096;

  private static final int PM_TIMER_BITS = 32;

  private final KvmEngine.Options options;

  HardwareBuilder(KvmEngine.Options options) {
    this.options = options;
  }

  /** Whether a measurement wants the counters of each stage. */
  boolean countsForMeasurement() {
    return options.kernelCounters();
  }

  /**
   * Where a machine's consoles put what the guest prints.
   *
   * @param serial takes what the serial port sends
   * @param virtio takes what the virtio console sends; null: there is none
   */
  record Consoles(OutputRing serial, @Nullable OutputRing virtio) {}

  /**
   * Builds hardware that has not started, its kernel loaded. Called on the control thread.
   *
   * @param host the host's ends of its virtio devices, which outlive it
   * @param signals hears of what the hardware does
   * @throws VmmException if a file is bad or the host refuses; nothing is left then
   */
  Hardware build(MachineConfig config, Consoles consoles, HostDevices host, MachineSignals signals)
      throws VmmException, InterruptedException {
    try (Kvm kvm = Kvm.open()) {
      int most = kvm.maxVcpus();
      if (config.cpus() > most) {
        throw new VmmException(
            "CPUs: this computer's KVM runs at most %d in one machine, not %d."
                .formatted(most, config.cpus()));
      }
      CpuidTemplate cpuid =
          new CpuidTemplate(kvm.supportedCpuid(), config.cpus(), kvm.hasTscDeadlineTimer());
      MemoryMap map = MemoryMap.of(config.memoryBytes(), cpuid.physicalAddressBits());
      return new Assembly(config, signals, map).assemble(kvm, cpuid, consoles, host);
    } catch (KvmException e) {
      throw new VmmException(e.getMessage(), e);
    } catch (IOException e) {
      throw new VmmException("KVM is not usable: " + e.getMessage(), e);
    }
  }

  /** The steps of one building; what it made so far is taken down again when a step fails. */
  private final class Assembly {
    private final MachineConfig config;
    private final MachineSignals signals;
    private final MemoryMap map;
    private final Bus pio = new Bus("port I/O");
    private final Bus mmio = new Bus("memory-mapped I/O");
    private final List<Vcpu> vcpus = new ArrayList<>();

    Assembly(MachineConfig config, MachineSignals signals, MemoryMap map) {
      this.config = config;
      this.signals = signals;
      this.map = map;
    }

    Hardware assemble(Kvm kvm, CpuidTemplate cpuid, Consoles consoles, HostDevices host)
        throws VmmException, KvmException, InterruptedException {
      GuestMemory memory =
          GuestMemory.allocate(
              map.ramRanges(),
              options.sharedMemory() ? GuestMemory.Backing.MEMFD : GuestMemory.Backing.ANONYMOUS);
      KvmVm vm = null;
      InterruptLines lines = null;
      VirtioDevices virtio = null;
      KernelLoading loading =
          KernelLoading.begin(
              config.boot(), new BootTarget(memory, map), AcpiMachine.of(config.cpus(), map));
      try {
        vm = createVm(kvm, memory);
        lines = new InterruptLines(vm);
        PciBus root = addPci(lines);
        VirtioSlots slots =
            new VirtioSlots(
                new VirtioSlots.Wiring(vm, memory, root, lines.messages()), host::isCrashed);
        virtio = new VirtioDevices(host, slots, config.cpus());
        Hardware.Devices devices = addDevices(lines, consoles.serial(), virtio);
        virtio.plugAll(consoles.virtio(), config.devices().stream());
        addProcessors(vm, cpuid, loading.await());
        return new Hardware(
            new Hardware.Parts(vm, memory, lines, devices, List.copyOf(vcpus), signals));
      } catch (VmmException | KvmException | RuntimeException | InterruptedException e) {
        Hardware.endProcessors(vcpus);
        if (virtio != null) {
          virtio.takeDown();
        }
        if (lines != null) {
          lines.close();
        }
        if (vm != null) {
          vm.close();
        }
        loading.close();
        memory.close();
        throw e;
      }
    }

    private static KvmVm createVm(Kvm kvm, GuestMemory memory) throws KvmException {
      KvmVm vm = kvm.createVm();
      try {
        vm.setIdentityMapAddress(X86Layout.KVM_IDENTITY_MAP);
        vm.setTssAddress(X86Layout.KVM_TSS);
        vm.createIrqchip();
        vm.createPit();
        int slot = 0;
        for (GuestMemoryRegion region : memory.regions()) {
          vm.setMemorySlot(slot++, region);
        }
        return vm;
      } catch (KvmException e) {
        vm.close();
        throw e;
      }
    }

    private Hardware.Devices addDevices(
        InterruptLines lines, OutputRing console, VirtioDevices virtio) throws KvmException {
      Serial16550 serial = new Serial16550(lines.edge(X86Layout.SERIAL_GSI), console, SERIAL_INPUT);
      console.setSpaceListener(serial::outputReady);
      pio.add(X86Layout.SERIAL, X86Layout.SERIAL_SIZE, serial);
      WiredOrLine sci = new WiredOrLine(lines.level(X86Layout.SCI_GSI));
      AcpiPm pm = new AcpiPm(sci.newInput(), System::nanoTime, PM_TIMER_BITS, signals::poweredOff);
      pio.add(X86Layout.PM_BASE, X86Layout.PM_SIZE, pm);
      pio.add(
          I8042.FIRST_PORT,
          I8042.PORT_COUNT,
          new I8042(() -> signals.resetRequested("through the keyboard controller")));
      pio.add(
          X86Layout.RTC,
          X86Layout.RTC_SIZE,
          new CmosRtc(
              InstantSource.system(), map.lowRamEnd(), map.highRamEnd() - X86Layout.HIGH_RAM));
      pio.add(DebugPort.PORT, DebugPort.PORT_COUNT, new DebugPort(signals::debugByte));
      pio.add(
          PvPanic.PORT,
          PvPanic.PORT_COUNT,
          new PvPanic(
              event -> {
                if (event == PvPanic.Event.PANICKED) {
                  signals.panicked();
                }
              }));
      AcpiGpe events = new AcpiGpe(sci.newInput());
      pio.add(X86Layout.GPE0, X86Layout.GPE0_SIZE, events);
      DiskHotplug hotplug = new DiskHotplug(() -> events.raise(X86Layout.HOTPLUG_EVENT));
      pio.add(X86Layout.PCI_HOTPLUG, X86Layout.PCI_HOTPLUG_SIZE, hotplug.registers());
      return new Hardware.Devices(serial, pm, virtio, hotplug);
    }

    private PciBus addPci(InterruptLines lines) {
      PciBar.Window holes =
          PciBar.Window.inside(X86Layout.PCI_MMIO32, X86Layout.PCI_MMIO32_SIZE)
              .or(PciBar.Window.inside(map.mmio64Start(), map.mmio64End() - map.mmio64Start()));
      PciBus root = new PciBus(mmio, pio, holes, new IntxLines(lines));
      root.add(0, 0, new PciHostBridge());
      EcamWindow ecam = new EcamWindow(root, X86Layout.ECAM_BUSES);
      mmio.add(X86Layout.ECAM, ecam.size(), ecam);
      // The reset register's port lies among the configuration ports.
      ResetRegister reset =
          new ResetRegister(() -> signals.resetRequested("through the reset register"));
      pio.add(ConfigPorts.FIRST_PORT, ConfigPorts.PORT_COUNT, new ConfigPorts(root, reset));
      return root;
    }

    private void addProcessors(KvmVm vm, CpuidTemplate cpuid, EntryState entry)
        throws KvmException, InterruptedException {
      Vcpu.Wiring wiring = new Vcpu.Wiring(vm, pio, mmio, signals);
      for (int id = 0; id < config.cpus(); id++) {
        CpuSetup setup = new CpuSetup(cpuid, id == 0 ? entry : null);
        vcpus.add(new Vcpu(config.name(), id, wiring, setup, options.kernelCounters()));
      }
      for (Vcpu vcpu : vcpus) {
        vcpu.awaitMade();
      }
    }
  }
}
