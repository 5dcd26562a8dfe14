package org.vivarium.vmm.client;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.vivarium.images.DurableFiles;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.store.HostErrors;

/**
 * Has machines start when their owner logs in: one systemd user unit for each, wanted by {@code
 * default.target} (systemd.unit(5)). The units hold from the next login on; on a computer without
 * systemd they do nothing. Any thread.
 */
final class Autostart {
  private static final String UNIT =
      """
      # Written by Vivarium for a machine whose definition says "autostart"; changes are lost.
      [Unit]
      Description=Virtual machine %1$s of Vivarium

      [Service]
      Type=oneshot
      RemainAfterExit=yes
      Environment=%2$s
      ExecStart=%3$s start %1$s
      ExecStop=%3$s stop %1$s
      TimeoutStartSec=600
      TimeoutStopSec=120

      [Install]
      WantedBy=default.target
      """;

  private final Path units;
  private final String launcher;
  private final Path home;

  /**
   * @param units the person's folder of units
   * @param launcher the script {@code vivarium}, absolute
   * @param home where the machines are
   */
  Autostart(Path units, String launcher, Path home) {
    this.units = units;
    this.launcher = launcher;
    this.home = home.toAbsolutePath();
  }

  /**
   * That of the person whose environment it is.
   *
   * @return empty if the launcher is not known, for this process was not started by it
   */
  static Optional<Autostart> of(Folders folders, Map<String, String> environment) {
    String launcher = environment.getOrDefault("VIVARIUM_LAUNCHER", "");
    if (!launcher.startsWith("/")) {
      return Optional.empty();
    }
    String config = environment.getOrDefault("XDG_CONFIG_HOME", "");
    Path base =
        config.startsWith("/")
            ? Path.of(config)
            : Path.of(System.getProperty("user.home", "/"), ".config");
    return Optional.of(new Autostart(base.resolve("systemd/user"), launcher, folders.home()));
  }

  private String unit(String machine) {
    return "vivarium-vm-" + machine + ".service";
  }

  private Path wanted(String machine) {
    return units.resolve("default.target.wants").resolve(unit(machine));
  }

  /**
   * Has a machine start at login, or not.
   *
   * @param machine its name
   * @throws VmmException if the host refuses
   */
  void set(String machine, boolean wanted) throws VmmException {
    Path link = wanted(machine);
    try {
      if (!wanted) {
        Files.deleteIfExists(link);
        Files.deleteIfExists(units.resolve(unit(machine)));
        return;
      }
      Files.createDirectories(link.getParent());
      String text = UNIT.formatted(machine, quoted("VIVARIUM_HOME=" + home), quoted(launcher));
      DurableFiles.write(units, unit(machine), text.getBytes(StandardCharsets.UTF_8));
      if (!Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
        Files.createSymbolicLink(link, Path.of("..", unit(machine)));
      }
    } catch (IOException e) {
      throw HostErrors.refusal(
          "Whether %s starts at login could not be changed in %s".formatted(machine, units), e);
    }
  }

  /** A word as systemd.syntax(7) wants it, with its specifiers and variables taken literally. */
  private static String quoted(String word) {
    String escaped =
        word.replace("\\", "\\\\").replace("\"", "\\\"").replace("%", "%%").replace("$", "$$");
    return '"' + escaped + '"';
  }
}
