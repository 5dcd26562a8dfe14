package org.vivarium.app.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The command above all others. */
@Command(
    name = VivariumCommand.NAME,
    mixinStandardHelpOptions = true,
    versionProvider = VivariumCommand.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    description = "Full virtual machines on your own computer, measured beside containers.",
    footer = {
      "",
      "Examples:",
      "  vivarium create web --net user,forward=tcp:8080:80",
      "  vivarium start web --attach",
      "  vivarium stats",
      "",
      "Exit status of every command: 0 done; 1 it could not be; 2 bad input; 3 the guest failed.",
      "'vivarium COMMAND --help' has examples for each.",
      "Without a command: the desktop; without a display, a first Linux guest in this terminal.",
      "The launcher adds: vivarium desktop, build, test, package, bench desktop."
    })
final class VivariumCommand {
  static final String NAME = "vivarium";

  /** Tells the version that the build wrote into the jar. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Version.class.getPackage().getImplementationVersion();
      return new String[] {"Vivarium " + (version == null ? "(built from sources)" : version)};
    }
  }
}
