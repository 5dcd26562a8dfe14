package org.vivarium.vmm.machine;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.vivarium.kvm.Kvm;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.KvmVm;

/**
 * A virtual machine of KVM in the making, on a thread of its own: KVM_CREATE_VM waits until every
 * processor of the host has passed a quiescent state (RCU), some milliseconds in which a kernel can
 * be loaded. Used by one thread, which takes it or closes this.
 */
final class VmMaking implements AutoCloseable {
  private final FutureTask<KvmVm> task;
  private boolean taken;

  private VmMaking(Kvm kvm) {
    task = new FutureTask<>(kvm::createVm);
  }

  /**
   * Begins.
   *
   * @param kvm stays open until this is closed
   */
  static VmMaking begin(Kvm kvm) {
    VmMaking making = new VmMaking(kvm);
    Thread.ofPlatform().name("vm-making").daemon().start(making.task);
    return making;
  }

  /**
   * Waits for the machine, which is the caller's to close from then on.
   *
   * @throws KvmException if the kernel refused
   */
  KvmVm take() throws KvmException, InterruptedException {
    try {
      KvmVm vm = task.get();
      taken = true;
      return vm;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof KvmException refused) {
        throw refused;
      }
      throw new IllegalStateException("A virtual machine could not be made", e.getCause());
    }
  }

  /** Waits for the machine, if nobody took it, and closes it. */
  @Override
  public void close() {
    boolean interrupted = false;
    while (!taken) {
      try {
        take().close();
      } catch (KvmException | IllegalStateException _) {
        taken = true; // There is none.
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
