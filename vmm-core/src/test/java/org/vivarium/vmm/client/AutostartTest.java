package org.vivarium.vmm.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.vmm.Folders;

/** The units of machines that start at login. */
class AutostartTest {
  @TempDir private Path root;

  private Autostart autostart() {
    return Autostart.of(
            new Folders(root.resolve("my \"50%\" home")),
            Map.of("VIVARIUM_LAUNCHER", "/opt/$x/vivarium", "XDG_CONFIG_HOME", root.toString()))
        .orElseThrow();
  }

  @Test
  void unitStartsAndStopsTheMachineWithWordsTakenLiterally() throws Exception {
    autostart().set("a-1", true);

    Path unit = root.resolve("systemd/user/vivarium-vm-a-1.service");
    List<String> lines = Files.readAllLines(unit);
    assertTrue(
        lines.contains("Environment=\"VIVARIUM_HOME=%s/my \\\"50%%%%\\\" home\"".formatted(root)),
        lines.toString());
    assertTrue(lines.contains("ExecStart=\"/opt/$$x/vivarium\" start a-1"), lines.toString());
    assertTrue(lines.contains("ExecStop=\"/opt/$$x/vivarium\" stop a-1"), lines.toString());
    assertEquals(
        unit.toRealPath(),
        root.resolve("systemd/user/default.target.wants/vivarium-vm-a-1.service").toRealPath());
  }

  @Test
  void settingTwiceIsOnceAndUnsettingLeavesNothing() throws Exception {
    Autostart autostart = autostart();
    autostart.set("a", true);
    autostart.set("a", true);

    autostart.set("a", false);
    autostart.set("a", false);

    Path units = root.resolve("systemd/user");
    assertFalse(Files.exists(units.resolve("vivarium-vm-a.service")));
    assertFalse(
        Files.exists(
            units.resolve("default.target.wants/vivarium-vm-a.service"),
            LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  void withoutTheLauncherThereIsNothingToStart() {
    assertTrue(Autostart.of(new Folders(root), Map.of()).isEmpty());
  }
}
