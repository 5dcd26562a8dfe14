package org.vivarium.app.cli;

import java.util.concurrent.locks.LockSupport;
import org.vivarium.vmm.engine.VirtualMachine;

/** Types into a machine of this process; whoever leaves it turns it off. */
record MachineKeyboard(VirtualMachine machine, BootConsole console)
    implements ConsoleInput.Receiver {
  private static final long RETRY_NANOS = 5_000_000;

  @Override
  public void type(byte[] bytes, int length) {
    for (int done = 0; done < length && !machine.state().isEnd(); ) {
      int taken = console.input(machine, bytes, done, length - done);
      done += taken;
      if (taken == 0) {
        LockSupport.parkNanos(this, RETRY_NANOS);
      }
    }
  }

  @Override
  public void leave() {
    machine.kill();
  }
}
