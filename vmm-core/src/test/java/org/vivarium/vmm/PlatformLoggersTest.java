package org.vivarium.vmm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The JDK finds its loggers, and those that show nothing make nothing. */
class PlatformLoggersTest {
  private final System.Logger logger =
      new PlatformLoggers().getLogger("jdk.some", PlatformLoggersTest.class.getModule());

  @Test
  void messagesAreTakenFromInfoUp() {
    assertEquals("jdk.some", logger.getName());
    assertTrue(logger.isLoggable(System.Logger.Level.INFO));
    assertTrue(logger.isLoggable(System.Logger.Level.ERROR));
    assertFalse(logger.isLoggable(System.Logger.Level.DEBUG));
    assertFalse(logger.isLoggable(System.Logger.Level.OFF));
  }

  @Test
  void moduleOffersThemToTheJdk() throws Exception {
    var modules =
        ModuleFinder.of(
            Path.of(
                PlatformLoggers.class.getProtectionDomain().getCodeSource().getLocation().toURI()));

    assertTrue(
        modules.find("org.vivarium.vmm").orElseThrow().descriptor().provides().stream()
            .anyMatch(
                offer ->
                    offer.service().equals("java.lang.System$LoggerFinder")
                        && offer.providers().contains(PlatformLoggers.class.getName())));
  }
}
