package org.vivarium.app.lab;

import java.net.InetSocketAddress;
import java.util.Optional;
import org.vivarium.app.bench.BenchException;

/** A way from the host to a port of a workload. */
interface Link extends AutoCloseable {
  /** Where the host reaches the port by a forward, if there is one. */
  Optional<InetSocketAddress> forwarded();

  /** Why there is no forward, a sentence; empty where there is one. */
  default String lacking() {
    return "";
  }

  /** Where it reaches it without one, if it does. */
  default Optional<InetSocketAddress> direct() {
    return Optional.empty();
  }

  /** Takes down what was set up for it. */
  @Override
  default void close() throws BenchException {
    // Most need nothing.
  }
}
