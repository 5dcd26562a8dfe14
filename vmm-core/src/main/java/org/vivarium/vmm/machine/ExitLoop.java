package org.vivarium.vmm.machine;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.bus.Bus;
import org.vivarium.devices.bus.BusDevice;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.Kvm;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.KvmRegs;
import org.vivarium.kvm.KvmRegs.Register;
import org.vivarium.kvm.KvmSregs.SegmentRegister;
import org.vivarium.kvm.KvmVcpu;
import org.vivarium.kvm.KvmVm;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.cpu.Vcpu;
import org.vivarium.vmm.cpu.VcpuEvents;

/**
 * A guest that does nothing but write to one port, on the processor loop and the bus that every
 * machine has: what an empty port-I/O exit costs, for a measurement. Used by one thread.
 */
public final class ExitLoop implements AutoCloseable {
  /** Hears of a round's ends on the processor's own thread; does not block. */
  public interface Round {
    /** The device is being written to; so many exits follow. */
    void begin();

    /** The last exit of the round has arrived at the device. */
    void end();
  }

  private static final int PORT = 0x80;

  /** Real mode: out 0x80, al; jmp to it. */
  private static final byte[] CODE = {(byte) 0xE6, (byte) PORT, (byte) 0xEB, (byte) 0xFC};

  private static final long ENTRY = 0x1000;

  private final KvmVm vm;
  private final GuestMemory memory;
  private final Vcpu vcpu;
  private final Device device = new Device();
  private volatile @Nullable String failure;

  private ExitLoop(KvmVm vm, GuestMemory memory) {
    this.vm = vm;
    this.memory = memory;
    Bus pio = new Bus("port I/O");
    pio.add(PORT, 1, device);
    Vcpu.Wiring wiring = new Vcpu.Wiring(vm, pio, new Bus("memory-mapped I/O"), new Events());
    vcpu = new Vcpu("exit-loop", 0, wiring, ExitLoop::prepare, false);
  }

  /**
   * Makes the guest, which stands still.
   *
   * @throws VmmException if KVM cannot be used
   */
  public static ExitLoop open() throws VmmException, InterruptedException {
    try (Kvm kvm = Kvm.open()) {
      GuestMemory memory =
          GuestMemory.allocate(
              List.of(new GuestMemory.Range(0, 2 * ENTRY)), GuestMemory.Backing.ANONYMOUS);
      KvmVm vm;
      try {
        vm = kvm.createVm();
      } catch (KvmException e) {
        memory.close();
        throw e;
      }
      ExitLoop loop = new ExitLoop(vm, memory);
      try {
        memory.write(ENTRY, CODE, 0, CODE.length);
        vm.setMemorySlot(0, memory.regions().getFirst());
        loop.vcpu.awaitMade();
        return loop;
      } catch (KvmException | InterruptedException e) {
        loop.close();
        throw e;
      }
    } catch (KvmException e) {
      throw new VmmException(e.getMessage(), e);
    } catch (IOException e) {
      throw new VmmException("KVM is not usable: " + e.getMessage(), e);
    }
  }

  private static void prepare(KvmVcpu vcpu) throws KvmException {
    vcpu.setSregs(vcpu.sregs().setRealMode(SegmentRegister.CS, 0));
    vcpu.setRegs(new KvmRegs().set(Register.RIP, ENTRY));
  }

  /**
   * Lets the guest make exits and stand still again.
   *
   * @param exits how many, above 0
   * @throws VmmException if KVM cannot run the guest
   */
  public void run(int exits, Round round) throws VmmException, InterruptedException {
    device.order(exits, round);
    vcpu.run();
    device.done.acquire();
    vcpu.pause();
    vcpu.awaitPaused();
    String why = failure;
    if (why != null) {
      throw new VmmException(why);
    }
  }

  @Override
  public void close() {
    vcpu.end();
    boolean interrupted = false;
    for (boolean ended = false; !ended; ) {
      try {
        vcpu.join();
        ended = true;
      } catch (InterruptedException _) {
        // Nothing may be unmapped before the processor has ended.
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    vm.close();
    memory.close();
  }

  /**
   * Counts writes. Its fields are the caller's while the processor stands, else the processor's.
   */
  private static final class Device implements BusDevice {
    private final Semaphore done = new Semaphore(0);
    private @Nullable Round round;
    private int exits;
    private int at;

    void order(int count, Round next) {
      exits = count;
      at = 0;
      round = next;
    }

    @Override
    public long read(long offset, int size) {
      return -1;
    }

    @Override
    public void write(long offset, int size, long value) {
      Round present = round;
      if (present == null) {
        return;
      }
      if (at == 0) {
        present.begin();
      } else if (at == exits) {
        present.end();
        round = null;
        done.release();
      }
      at++;
    }
  }

  private final class Events implements VcpuEvents {
    @Override
    public void firstInstruction() {
      // Nobody waits for it.
    }

    @Override
    public void tripleFault() {
      failed("The guest of the exit loop stopped in a triple fault.");
    }

    @Override
    public void failed(String why) {
      failure = why;
      device.done.release();
    }
  }
}
