package org.vivarium.app;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.vivarium.app.cli.Cli;

/**
 * The training run of the ahead-of-time cache (JEP 514): walks the paths that every start takes, so
 * that their classes are stored in the cache loaded and linked. It needs no KVM, no root and no
 * network, and prints nothing.
 */
final class Training {
  private Training() {}

  /** Runs each training step; what a step prints, and its status, do not matter here. */
  static void run() {
    try (PrintStream nowhere =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
      Cli cli = new Cli(nowhere, nowhere);
      cli.run("--help");
      cli.run("--version");
      cli.run("doctor");
    }
  }
}
