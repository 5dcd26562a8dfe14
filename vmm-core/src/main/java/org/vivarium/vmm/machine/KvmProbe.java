package org.vivarium.vmm.machine;

import java.io.IOException;
import java.util.List;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.Kvm;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.KvmRegs;
import org.vivarium.kvm.KvmRegs.Register;
import org.vivarium.kvm.KvmRun;
import org.vivarium.kvm.KvmSregs.SegmentRegister;
import org.vivarium.kvm.KvmVcpu;
import org.vivarium.kvm.KvmVm;

/**
 * Finds out whether KVM runs a guest here, by running one: three instructions that write a byte to
 * a port.
 *
 * <p>That a guest of a few instructions runs does not prove that a kernel would: a KVM without
 * hardware virtualization emulates these as well. Whether the processor offers it is asked first,
 * elsewhere.
 */
public final class KvmProbe {
  private static final int PORT = 0xE9;
  private static final int ANSWER = 0x56;

  /** Real mode: mov al, 0x56; out 0xe9, al; hlt. */
  private static final byte[] CODE = {(byte) 0xB0, ANSWER, (byte) 0xE6, (byte) PORT, (byte) 0xF4};

  private static final long ENTRY = 0x1000;

  private KvmProbe() {}

  /**
   * Runs the probe guest on the calling thread.
   *
   * @throws IOException if KVM cannot be opened or the guest does not do what it should: a sentence
   *     that says why and what to do
   */
  public static void run() throws IOException {
    try (Kvm kvm = Kvm.open();
        GuestMemory memory =
            GuestMemory.allocate(
                List.of(new GuestMemory.Range(0, 2 * ENTRY)), GuestMemory.Backing.ANONYMOUS);
        KvmVm vm = kvm.createVm()) {
      memory.write(ENTRY, CODE, 0, CODE.length);
      vm.setMemorySlot(0, memory.regions().getFirst());
      try (KvmVcpu vcpu = vm.createVcpu(0)) {
        vcpu.setSregs(vcpu.sregs().setRealMode(SegmentRegister.CS, 0));
        vcpu.setRegs(new KvmRegs().set(Register.RIP, ENTRY));
        int reason = vcpu.run();
        KvmRun exit = vcpu.exit();
        if (reason != KvmRun.EXIT_IO
            || !exit.ioIsWrite()
            || exit.ioPort() != PORT
            || exit.ioValue(0) != ANSWER) {
          throw new IOException(
              "KVM did not run a guest of three instructions (exit reason "
                  + reason
                  + "); see the kernel log (dmesg).");
        }
      }
    } catch (KvmException e) {
      throw new IOException("KVM cannot run a guest: " + e.getMessage(), e);
    }
  }
}
