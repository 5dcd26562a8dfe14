package org.vivarium.devices.virtio.transport;

import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vivarium.devices.bus.InterruptLine;
import org.vivarium.devices.pci.MsixTable;
import org.vivarium.devices.pci.MsixVector;
import org.vivarium.devices.pci.PciBar;
import org.vivarium.devices.pci.PciConfigSpace;
import org.vivarium.devices.pci.PciDevice;
import org.vivarium.devices.pci.PciId;
import org.vivarium.kvm.EventFd;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.KvmException;

/**
 * A virtio device on PCI, modern only (VIRTIO 1.2, 4.1).
 *
 * <p>BAR 0 holds the {@link VirtioRegisters}, BAR 1 the MSI-X table: one vector for configuration
 * changes and one per queue. Where BAR 0 answers, each queue's notification register is handed to
 * the {@link QueueNotifier}; a write that arrives as an access all the same does what the kernel
 * would have done. The device works too without mapping anything, through the PCI configuration
 * access capability (4.1.4.9).
 *
 * <p>Threads: any; the lock is this object, as for every {@link PciDevice}.
 */
public final class VirtioPciTransport extends PciDevice implements AutoCloseable {
  /** Made when first needed: the start of the logging system would hold up a machine's. */
  private static final class Log {
    static final Logger LOG = LoggerFactory.getLogger(VirtioPciTransport.class);
  }

  private static final int VENDOR = 0x1AF4;
  private static final int FIRST_DEVICE = 0x1040;
  private static final int MODERN_REVISION = 1;
  private static final int REGISTERS_BAR = 0;
  private static final int MSIX_BAR = 1;
  private static final int NOT_ATTACHED = -1;

  private final String name;
  private final VirtioRegisters registers;
  private final QueueNotifier notifier;
  private final VirtioPciCapabilities capabilities;
  private long notifierBase = NOT_ATTACHED;

  /** Number of queues whose notifications the kernel delivers, from queue 0 on. */
  private int attachedQueues;

  /**
   * Makes the PCI function of a device.
   *
   * @param name for the log: {@code "disk0"}
   * @param vectors makes the receiver of each MSI-X vector
   * @param notifier where queue notifications are registered
   * @throws KvmException if the host has no event left
   */
  public VirtioPciTransport(
      String name,
      VirtioDevice device,
      GuestMemory memory,
      IntFunction<MsixVector> vectors,
      QueueNotifier notifier)
      throws KvmException {
    super(PciConfigSpace.type0(PciConfigSpace.CONVENTIONAL_SIZE, identityOf(device.type())));
    this.name = name;
    this.notifier = notifier;
    int vectorCount = Math.min(device.queueCount() + 1, MsixTable.MAX_VECTORS);
    MsixTable msix = new MsixTable(vectorCount, this, vectors);
    registers =
        new VirtioRegisters(name, this, device, memory, new TableVectors(msix), new IntxPin());
    PciBar bar = addBar(REGISTERS_BAR, PciBar.Kind.MEMORY_32, VirtioRegisters.LENGTH, registers);
    addBar(MSIX_BAR, PciBar.Kind.MEMORY_32, msix.regionSize(), msix);
    capabilities = new VirtioPciCapabilities(config, registers, REGISTERS_BAR);
    addMsix(msix, MSIX_BAR, 0);
    setInterruptPin(1);
    listen(bar, this::registersMoved);
  }

  /** The register region, which the machine reaches through BAR 0. */
  public VirtioRegisters registers() {
    return registers;
  }

  /**
   * Resets the device without its PCI registers, and says when it no longer touches guest memory.
   *
   * @param drained run once, on any thread, perhaps before this returns; must not block
   */
  public void quiesce(Runnable drained) {
    registers.reset(drained);
  }

  /** Frees the events; the device was quiesced and is off the bus. */
  @Override
  public void close() {
    registers.close();
  }

  @Override
  protected void beforeConfigRead(int offset, int size) {
    capabilities.beforeRead(offset, size);
  }

  @Override
  protected void afterConfigWrite(int offset, int size) {
    capabilities.afterWrite(offset, size);
  }

  @Override
  protected void onReset() {
    registers.reset(() -> {});
  }

  private void registersMoved(boolean decoded, long base) {
    while (attachedQueues > 0) {
      attachedQueues--;
      try {
        notifier.detach(
            notifierBase + VirtioRegisters.notifyOffset(attachedQueues),
            registers.kick(attachedQueues));
      } catch (KvmException e) {
        Log.LOG.warn("{}: {}", name, e.getMessage());
      }
    }
    notifierBase = base;
    try {
      while (decoded && attachedQueues < registers.queueCount()) {
        notifier.attach(
            base + VirtioRegisters.notifyOffset(attachedQueues), registers.kick(attachedQueues));
        attachedQueues++;
      }
    } catch (KvmException e) {
      // The rest of the queues is notified by accesses: slower, not wrong.
      Log.LOG.warn("{}: {}", name, e.getMessage());
    }
  }

  private static PciId identityOf(VirtioDeviceType type) {
    int device = FIRST_DEVICE + type.id();
    return new PciId(VENDOR, device, type.classCode(), MODERN_REVISION, VENDOR, device);
  }

  /** The MSI-X table as virtio sees it. */
  private record TableVectors(MsixTable table) implements MsixVectors {
    @Override
    public int count() {
      return table.vectors();
    }

    @Override
    public boolean signal(int vector) {
      return table.signal(vector);
    }

    @Override
    public @Nullable EventFd event(int vector) {
      return table.event(vector);
    }

    @Override
    public void setListener(Runnable listener) {
      table.setListener(listener);
    }
  }

  /** INTA# of this function. */
  private final class IntxPin implements InterruptLine {
    @Override
    public void setLevel(boolean asserted) {
      setIntx(asserted);
    }

    @Override
    public void pulse() {
      throw new UnsupportedOperationException("INTx is level-triggered");
    }
  }
}
