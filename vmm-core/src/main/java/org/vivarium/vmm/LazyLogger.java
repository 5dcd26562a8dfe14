package org.vivarium.vmm;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A class's logger that is made when first needed: the start of the logging system opens every jar
 * and would hold up a machine's. Any thread.
 */
public final class LazyLogger {
  private final Class<?> owner;

  private LazyLogger(Class<?> owner) {
    this.owner = owner;
  }

  /**
   * @param owner whose messages they are
   */
  public static LazyLogger of(Class<?> owner) {
    return new LazyLogger(owner);
  }

  /**
   * Makes the logging system on a thread of its own, beside what else a start does, for threads
   * that will not be able to: those that serve a guest give up opening files.
   *
   * @return the thread, which ends when that is done
   */
  public static Thread prepare() {
    return Thread.ofPlatform()
        .name("logging")
        .daemon()
        .start(() -> named(LazyLogger.class.getName()));
  }

  /**
   * A logger. One thread at a time: the logging system tells of a message that comes while another
   * thread makes it, on standard error.
   */
  static synchronized Logger named(String name) {
    return LoggerFactory.getLogger(name);
  }

  private Logger logger() {
    return named(owner.getName());
  }

  /** As {@link Logger#trace(String, Object...)}. */
  public void trace(String format, @Nullable Object... arguments) {
    logger().trace(format, arguments);
  }

  /** As {@link Logger#debug(String, Object...)}. */
  public void debug(String format, @Nullable Object... arguments) {
    logger().debug(format, arguments);
  }

  /** As {@link Logger#info(String, Object...)}. */
  public void info(String format, @Nullable Object... arguments) {
    logger().info(format, arguments);
  }

  /** As {@link Logger#warn(String, Object...)}. */
  public void warn(String format, @Nullable Object... arguments) {
    logger().warn(format, arguments);
  }

  /** As {@link Logger#error(String, Object...)}. */
  public void error(String format, @Nullable Object... arguments) {
    logger().error(format, arguments);
  }
}
