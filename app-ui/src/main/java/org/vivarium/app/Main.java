package org.vivarium.app;

import org.vivarium.app.cli.Cli;
import org.vivarium.vmm.process.JavaLauncher;
import org.vivarium.vmm.process.VmProcess;

/** Where the process starts. The launcher {@code vivarium} passes its arguments through. */
public final class Main {
  /** The launcher's training run for the start-up cache; not for people, so not in the help. */
  private static final String TRAIN = "--train";

  private Main() {}

  /**
   * Runs one command and exits with its status.
   *
   * @param args the command line, without the launcher's name
   */
  public static void main(String[] args) {
    if (args.length == 1 && args[0].equals(TRAIN)) {
      Training.run();
      return;
    }
    if (args.length == 2 && args[0].equals(JavaLauncher.VM)) {
      System.exit(VmProcess.run(args[1]));
    }
    System.exit(new Cli(System.out, System.err).run(args));
  }
}
