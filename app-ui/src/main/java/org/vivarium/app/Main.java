package org.vivarium.app;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.Objects;
import org.vivarium.app.cli.Cli;
import org.vivarium.vmm.ExitHook;
import org.vivarium.vmm.process.JavaLauncher;
import org.vivarium.vmm.process.VmProcess;

/** Where the process starts. The launcher {@code vivarium} passes its arguments through. */
public final class Main {
  /**
   * The launcher's training run for a start-up cache, and which one; not for people, so not in the
   * help.
   */
  private static final String TRAIN = "--train";

  /** The launcher's other request: a jar, and where its copy for the start-up cache goes. */
  private static final String UPGRADE = "--upgrade";

  /** The command that reads no JSON where the machine is on KVM. */
  private static final String BOOT = "boot";

  private Main() {}

  /**
   * Runs one command and exits with its status.
   *
   * @param args the command line, without the launcher's name
   * @throws IOException if a jar cannot be rewritten, which only the launcher asks for
   */
  public static void main(String[] args) throws IOException {
    if (args.length == 2 && args[0].equals(TRAIN)) {
      Training.run(args[1]);
      return;
    }
    if (args.length == 3 && args[0].equals(UPGRADE)) {
      ClassFileUpgrade.rewrite(Path.of(args[1]), Path.of(args[2]));
      return;
    }
    if (args.length > 0 && !args[0].equals(BOOT)) {
      prepareNumbers();
    }
    if (args.length == 2 && args[0].equals(JavaLauncher.VM)) {
      ExitHook.exit(VmProcess.run(args[1]));
    }
    ExitHook.exit(new Cli(System.out, System.err).run(args));
  }

  /**
   * Has BigDecimal's tables made on a thread of their own. Jackson's parser needs them for its
   * first text, and in JDK 25 they take 40 ms of the interpreter.
   */
  static void prepareNumbers() {
    Thread.ofPlatform()
        .name("numbers")
        .daemon()
        .start(() -> Objects.requireNonNull(BigDecimal.ONE));
  }
}
