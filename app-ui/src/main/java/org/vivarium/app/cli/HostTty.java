package org.vivarium.app.cli;

import java.util.Optional;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.Terminal;
import org.vivarium.vmm.ExitHook;
import org.vivarium.vmm.VmmException;

/** The terminal that this process was started in. */
final class HostTty implements Tty {
  @Override
  public boolean isTerminal(int fd) {
    return Terminal.isTerminal(fd);
  }

  @Override
  public Optional<Terminal.Size> size() {
    return Terminal.size(Terminal.STANDARD_OUTPUT);
  }

  @Override
  public Raw raw() throws VmmException {
    try {
      Terminal raw = Terminal.openRaw(Terminal.STANDARD_INPUT);
      // Whatever ends this process, the person gets a terminal back that works.
      ExitHook hook = ExitHook.add("terminal end", raw::close);
      return () -> {
        raw.close();
        hook.close();
      };
    } catch (KvmException e) {
      throw new VmmException("The terminal cannot be used: %s".formatted(e.getMessage()), e);
    }
  }
}
