package org.vivarium.devices.pci;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.bus.Bus;
import org.vivarium.devices.bus.BusDevice;
import org.vivarium.devices.bus.FakeInterruptLine;
import org.vivarium.devices.bus.InterruptLine;
import org.vivarium.kvm.EventFd;

/** A root bus with a host bridge, two devices with every kind of region, and a fixed device. */
final class TestMachine implements IntxRouter {
  static final long RAM_END = 0xc000_0000L;
  static final long FIXED_DEVICE = 0xfec0_0000L;

  final Bus mmio = new Bus("memory-mapped I/O");
  final Bus pio = new Bus("port I/O");
  final PciBus bus =
      new PciBus(
          mmio,
          pio,
          PciBar.Window.inside(RAM_END, 0x4000_0000L)
              .or(PciBar.Window.inside(1L << 32, (1L << 46) - (1L << 32))),
          this);
  final EcamWindow ecam = new EcamWindow(bus, 256);
  final List<String> log = new ArrayList<>();
  final ConfigPorts ports = new ConfigPorts(bus, new Answer(0x77, log));
  final TestDevice first = new TestDevice("first");
  final TestDevice second = new TestDevice("second");
  final FakeInterruptLine[] intx = new FakeInterruptLine[PciBus.SLOTS];

  TestMachine() {
    mmio.add(FIXED_DEVICE, 0x1000, new Answer(0xf1, log));
    bus.add(0, 0, new PciHostBridge());
    bus.add(1, 0, first);
    bus.add(2, 0, second);
  }

  @Override
  public InterruptLine connect(int slot, int pin) {
    intx[slot] = new FakeInterruptLine();
    return intx[slot];
  }

  @Override
  public int gsi(int slot, int pin) {
    return 16 + ((slot + pin - 1) % 4);
  }

  /** Reads configuration space of the function 0 in {@code slot}. */
  long get(int slot, int offset, int size) {
    long value = ecam.read(((long) slot << 15) + offset, size);
    return size == 8 ? value : value & ((1L << (8 * size)) - 1);
  }

  void set(int slot, int offset, int size, long value) {
    ecam.write(((long) slot << 15) + offset, size, value);
  }

  /** A fixed answer in every byte that logs what is written. */
  record Answer(int octet, List<String> log) implements BusDevice {
    @Override
    public long read(long offset, int size) {
      return octet * 0x0101010101010101L;
    }

    @Override
    public void write(long offset, int size, long value) {
      log.add(offset + "/" + size + "=" + Long.toHexString(value));
    }
  }

  /** What a vector was told. */
  static final class Vector implements MsixVector {
    long address;
    int data;
    boolean deliverable;
    int updates;
    int triggers;
    @Nullable EventFd event;

    @Override
    public void update(long newAddress, int newData, boolean nowDeliverable) {
      address = newAddress;
      data = newData;
      deliverable = nowDeliverable;
      updates++;
    }

    @Override
    public void trigger() {
      if (!deliverable) {
        throw new IllegalStateException("A vector that cannot be delivered was sent");
      }
      triggers++;
    }

    @Override
    public @Nullable EventFd event() {
      return event;
    }
  }

  /** BAR 0: 64-bit memory with MSI-X; BAR 2: 32-bit memory; BAR 3: I/O; BAR 4: 64-bit, 8 GiB. */
  static final class TestDevice extends PciDevice {
    static final int VECTORS = 70;

    final List<String> log = new ArrayList<>();
    final List<String> moves = new ArrayList<>();
    final Vector[] vectors = new Vector[VECTORS];
    final MsixTable msix = new MsixTable(VECTORS, this, i -> vectors[i] = new Vector());
    final PciBar msixBar;
    final PciBar memory;
    final PciBar ports;
    final PciBar big;
    int resets;

    TestDevice(String name) {
      super(
          PciConfigSpace.type0(
              PciConfigSpace.CONVENTIONAL_SIZE,
              new PciId(0x1af4, 0x1042, 0x018000, 1, 0x1af4, 0x1100)));
      int octet = name.charAt(0);
      msixBar = addBar(0, PciBar.Kind.MEMORY_64, msix.regionSize(), msix);
      memory = addBar(2, PciBar.Kind.MEMORY_32, 0x1000, new Answer(octet, log));
      ports = addBar(3, PciBar.Kind.IO, 0x20, new Answer(octet, log));
      big = addBar(4, PciBar.Kind.MEMORY_64_PREFETCHABLE, 8L << 30, new Answer(octet, log));
      addMsix(msix, 0, 0);
      setInterruptPin(1);
      listen(memory, (decoded, base) -> moves.add(decoded + "@" + Long.toHexString(base)));
    }

    @Override
    protected void onReset() {
      resets++;
    }
  }
}
