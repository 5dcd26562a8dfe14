package org.vivarium.app.cli;

import picocli.CommandLine;

/**
 * Makes objects for picocli, by picocli's own factory once one is asked for: that factory begins by
 * looking for Groovy, for which every jar of the class path is opened and read. Any thread.
 */
final class LazyFactory implements CommandLine.IFactory {
  @Override
  public <K> K create(Class<K> type) throws Exception {
    return CommandLine.defaultFactory().create(type);
  }
}
