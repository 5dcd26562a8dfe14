package org.vivarium.devices.bus;

import java.lang.reflect.Method;

/**
 * What the current thread allocated on the Java heap so far.
 *
 * <p>By reflection, because the devices module has no use for the management modules.
 */
public final class AllocatedBytes {
  private final Object bean;
  private final Method counter;

  public AllocatedBytes() {
    try {
      bean =
          Class.forName("java.lang.management.ManagementFactory")
              .getMethod("getThreadMXBean")
              .invoke(null);
      counter =
          Class.forName("com.sun.management.ThreadMXBean")
              .getMethod("getCurrentThreadAllocatedBytes");
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("This Java runtime does not count allocated bytes", e);
    }
  }

  /** Bytes since the thread started. Reading it allocates a little itself. */
  public long now() {
    try {
      return (Long) counter.invoke(bean);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("This Java runtime does not count allocated bytes", e);
    }
  }
}
