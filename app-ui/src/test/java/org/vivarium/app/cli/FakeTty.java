package org.vivarium.app.cli;

import java.util.Optional;
import org.vivarium.kvm.Terminal;

/** A terminal, or none. */
final class FakeTty implements Tty {
  boolean there;
  boolean raw;

  @Override
  public boolean isTerminal(int fd) {
    return there;
  }

  @Override
  public Optional<Terminal.Size> size() {
    return there ? Optional.of(new Terminal.Size(132, 43)) : Optional.empty();
  }

  @Override
  public Raw raw() {
    raw = true;
    return () -> raw = false;
  }
}
