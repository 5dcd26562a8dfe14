package org.vivarium.vmm;

import java.text.MessageFormat;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Where the JDK's own messages go: to this program's logging system, from INFO up, which is made
 * when the first one comes. The JDK asks for a logger when it starts a process; without this class,
 * which it finds first, it would open every jar to look for one, 40 ms of a start. Any thread.
 */
public final class PlatformLoggers extends System.LoggerFinder {
  /** Called by the JDK. */
  public PlatformLoggers() {}

  @Override
  public System.Logger getLogger(String name, Module module) {
    return new PlatformLogger(name);
  }

  private record PlatformLogger(String name) implements System.Logger {
    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean isLoggable(Level level) {
      return level.getSeverity() >= Level.INFO.getSeverity() && level != Level.OFF;
    }

    @Override
    public void log(
        Level level, @Nullable ResourceBundle bundle, String message, @Nullable Throwable thrown) {
      if (isLoggable(level)) {
        LoggerFactory.getLogger(name)
            .atLevel(
                switch (level) {
                  case ERROR -> org.slf4j.event.Level.ERROR;
                  case WARNING -> org.slf4j.event.Level.WARN;
                  default -> org.slf4j.event.Level.INFO;
                })
            .setCause(thrown)
            .log(message);
      }
    }

    @Override
    public void log(
        Level level, @Nullable ResourceBundle bundle, String format, @Nullable Object... values) {
      if (isLoggable(level)) {
        log(
            level,
            bundle,
            values.length == 0 ? format : MessageFormat.format(format, values),
            (Throwable) null);
      }
    }
  }
}
