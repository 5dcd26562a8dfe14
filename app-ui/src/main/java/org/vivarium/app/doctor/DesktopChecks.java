package org.vivarium.app.doctor;

import java.util.List;
import java.util.Optional;

/** What the desktop draws with. The command line needs none of it. */
final class DesktopChecks {
  private static final String SECTION = "Desktop";
  private static final List<String> LIBRARIES =
      List.of("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib");

  private DesktopChecks() {}

  static List<Finding> all(Host host) {
    return List.of(display(host), gtk(host), fonts(host));
  }

  private static Finding display(Host host) {
    Optional<String> display = host.variable("WAYLAND_DISPLAY").or(() -> host.variable("DISPLAY"));
    return display.isPresent()
        ? Finding.ok(SECTION, "Display", display.get())
        : Finding.note(SECTION, "Display", "none; the command line works without one", "");
  }

  private static Finding gtk(Host host) {
    boolean there = LIBRARIES.stream().anyMatch(folder -> host.exists(folder + "/libgtk-3.so.0"));
    return there
        ? Finding.ok(SECTION, "GTK", "version 3 is installed")
        : Finding.note(
            SECTION, "GTK", "version 3 is not installed", Remedy.install(host, "libgtk-3-0"));
  }

  private static Finding fonts(Host host) {
    return host.list("/usr/share/fonts").isEmpty()
        ? Finding.note(
            SECTION, "Fonts", "none are installed", Remedy.install(host, "fonts-dejavu-core"))
        : Finding.ok(SECTION, "Fonts", "are installed");
  }
}
