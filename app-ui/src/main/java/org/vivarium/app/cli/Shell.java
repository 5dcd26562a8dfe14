package org.vivarium.app.cli;

import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import org.vivarium.images.ImageException;
import org.vivarium.images.catalog.Catalogue;
import org.vivarium.images.catalog.CatalogueEntry;
import org.vivarium.kvm.Terminal;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.LocalMachines;
import org.vivarium.vmm.client.Machines;

/**
 * What a command works with.
 *
 * @param source opens the machines of the person who runs the command
 * @param in what is typed
 * @param out where results go
 * @param err where notes, progress and errors go
 * @param tty the terminal, if there is one
 * @param environment environment variables
 */
record Shell(
    Source source,
    InputStream in,
    PrintStream out,
    PrintStream err,
    Tty tty,
    Map<String, String> environment) {
  /** Where machines come from; opened by the first command that needs them. */
  @FunctionalInterface
  interface Source {
    Machines open() throws VmmException;
  }

  /** The shell that this process was started from. */
  static Shell ofThisProcess(PrintStream out, PrintStream err) {
    return new Shell(LocalMachines::standard, System.in, out, err, new HostTty(), System.getenv());
  }

  Machines machines() throws VmmException {
    return source.open();
  }

  /** The folder in which images, machines and keys lie. */
  Path home() {
    return Folders.of(environment).home();
  }

  /** The guests that can be chosen. */
  Catalogue catalogue() throws VmmException {
    try {
      return Catalogue.open(home(), environment);
    } catch (ImageException e) {
      throw new VmmException(e.getMessage(), e);
    }
  }

  /**
   * A guest of a catalogue.
   *
   * @throws InvalidConfigException if there is none of that name; the sentence lists those there
   *     are
   */
  static CatalogueEntry entry(Catalogue catalogue, String id) throws InvalidConfigException {
    try {
      return catalogue.entry(id);
    } catch (ImageException e) {
      throw new InvalidConfigException(e.getMessage(), e);
    }
  }

  /** Says something to the person, beside the result. */
  void note(String sentence) {
    err.println(sentence);
  }

  /** Whether somebody can answer a question. */
  boolean canAsk() {
    return tty.isTerminal(Terminal.STANDARD_INPUT) && tty.isTerminal(Terminal.STANDARD_ERROR);
  }

  /** Whether a person watches standard output. */
  boolean isWatched() {
    return tty.isTerminal(Terminal.STANDARD_OUTPUT);
  }

  /** A line that shows what long work is busy with. */
  ProgressLine progress() {
    return new ProgressLine(err, tty.isTerminal(Terminal.STANDARD_ERROR));
  }
}
