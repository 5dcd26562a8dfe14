package org.vivarium.vmm.engine.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.vmm.VmmException;

@Timeout(60)
class QemuLocatorTest {
  @TempDir private Path folder;

  private static String refusal(QemuLocator locator) {
    return String.valueOf(assertThrows(VmmException.class, locator::find).getMessage());
  }

  @Test
  void newEnoughQemuIsFoundWithItsVersion() throws Exception {
    QemuLocator locator =
        FakeQemu.in(folder, "echo 'QEMU emulator version 7.2.22 (Debian 1:7.2)'; echo usage");

    QemuLocator.Found found = locator.find();

    assertEquals(folder.resolve(QemuLocator.PROGRAM), found.qemu());
    assertEquals("7.2.22", found.version());
    assertFalse(found.sandbox());
  }

  @Test
  void sandboxIsSeenInTheHelp() throws Exception {
    QemuLocator locator =
        FakeQemu.in(folder, "echo 'QEMU emulator version 10.0.0'; echo '-sandbox on[,x=y]'");

    assertTrue(locator.find().sandbox());
  }

  @Test
  void missingQemuNamesThePackage() {
    String refusal = refusal(new QemuLocator(folder + "::/nonexistent"));

    assertTrue(refusal.startsWith("QEMU is not installed: no qemu-system-x86_64"), refusal);
    assertTrue(refusal.contains("sudo apt install qemu-system-x86"), refusal);
  }

  @Test
  void folderOfThatNameIsNoQemu() throws IOException {
    Files.createDirectory(folder.resolve(QemuLocator.PROGRAM));

    assertTrue(refusal(new QemuLocator(folder.toString())).startsWith("QEMU is not installed"));
  }

  @Test
  void missingSetprivNamesThePackage() throws IOException {
    FakeQemu.program(folder, QemuLocator.PROGRAM, "echo 'QEMU emulator version 7.2.22'");

    String refusal = refusal(new QemuLocator(folder.toString()));

    assertTrue(refusal.endsWith("install the package util-linux."), refusal);
  }

  @Test
  void oldQemuIsRefusedWithBothVersions() throws IOException {
    QemuLocator locator = FakeQemu.in(folder, "echo 'QEMU emulator version 5.2.0 (x)'");

    assertTrue(refusal(locator).contains("is version 5.2.0, which is too old: 6 or newer"));
  }

  @Test
  void otherProgramIsRefused() throws IOException {
    QemuLocator locator = FakeQemu.in(folder, "echo Hello; exit 1");

    assertTrue(refusal(locator).contains("is not QEMU, or broken"));
  }

  @Test
  void programThatCannotRunIsRefused() throws IOException {
    QemuLocator locator = FakeQemu.in(folder, "");
    Files.writeString(folder.resolve(QemuLocator.PROGRAM), "#!/nonexistent/interpreter\n");

    assertTrue(refusal(locator).contains("cannot be run: install QEMU"));
  }
}
