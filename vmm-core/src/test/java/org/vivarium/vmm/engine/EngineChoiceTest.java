package org.vivarium.vmm.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.engine.EngineChoice.Decision;
import org.vivarium.vmm.engine.EngineChoice.Probe;
import org.vivarium.vmm.engine.EngineChoice.Request;

class EngineChoiceTest {
  private static final Probe WORKS = () -> {};
  private static final Probe NO_QEMU =
      () -> {
        throw new VmmException("QEMU is not installed: install it.");
      };

  @TempDir private Path root;
  private HardwareVirtualization.Opener opener = _ -> {};
  private Probe guest = WORKS;
  private Probe qemu = WORKS;

  @BeforeEach
  void emptyComputer() throws IOException {
    Files.createDirectories(root.resolve("proc"));
    Files.createDirectories(root.resolve("sys/module"));
    Files.createDirectories(root.resolve("dev"));
    flags("fpu vme sse2");
  }

  private void flags(String flags) throws IOException {
    Files.writeString(
        root.resolve("proc/cpuinfo"),
        "processor\t: 0\nflags\t\t: %s\nbugs\t: x\n".formatted(flags));
  }

  private void module(String name) throws IOException {
    Files.createDirectory(root.resolve("sys/module").resolve(name));
  }

  private void device() throws IOException {
    Files.createFile(root.resolve("dev/kvm"));
  }

  private Decision decide(Request request) throws VmmException {
    return new EngineChoice(new HardwareVirtualization(root, opener), guest, qemu).decide(request);
  }

  private String refusal(Request request) {
    return String.valueOf(assertThrows(VmmException.class, () -> decide(request)).getMessage());
  }

  @Test
  void autoWhenTheProbeGuestRunsIsKvm() throws Exception {
    flags("fpu svm sse2");
    device();

    Decision decision = decide(Request.AUTO);

    assertEquals("kvm", decision.engine());
    assertEquals(
        "Engine: kvm (hardware virtualization), because /dev/kvm runs guests here.",
        decision.reason());
    assertEquals(Optional.empty(), decision.remedy());
  }

  @Test
  void autoWhenOnlyTheModuleIsSeenIsKvm() throws Exception {
    module("kvm_intel");
    device();

    assertEquals("kvm", decide(Request.AUTO).engine());
  }

  @Test
  void autoWithoutFlagIsQemuAndSaysSo() throws Exception {
    Decision decision = decide(Request.AUTO);

    assertEquals("qemu", decision.engine());
    assertEquals(
        "Engine: qemu (software emulation), because this CPU offers no hardware virtualization"
            + " (no svm or vmx flag in /proc/cpuinfo).",
        decision.reason());
    assertTrue(decision.remedy().orElseThrow().contains("firmware"));
  }

  @Test
  void autoWhenAFlagOnlyContainsSvmAsPartIsQemu() throws Exception {
    flags("svm_lock novmx");
    device();

    assertEquals("qemu", decide(Request.AUTO).engine());
  }

  @Test
  void autoOnPvmIsQemuAndSaysThatTheDeviceIsNotEnough() throws Exception {
    module("kvm_pvm");
    device();

    Decision decision = decide(Request.AUTO);

    assertEquals("qemu", decision.engine());
    assertTrue(decision.reason().contains("kvm_pvm"), decision.reason());
    assertTrue(decision.reason().contains("cannot run a stock kernel"), decision.reason());
  }

  @Test
  void autoWithoutDeviceNamesTheModuleToLoad() throws Exception {
    flags("vmx");

    Decision decision = decide(Request.AUTO);

    assertEquals("qemu", decision.engine());
    assertEquals(Optional.of("run: sudo modprobe kvm_intel"), decision.remedy());
  }

  @Test
  void autoWithoutPermissionNamesTheGroup() throws Exception {
    flags("svm");
    device();
    opener =
        device -> {
          throw new AccessDeniedException(device.toString());
        };

    Decision decision = decide(Request.AUTO);

    assertEquals("qemu", decision.engine());
    assertTrue(decision.reason().contains("you may not open /dev/kvm"));
    assertTrue(decision.remedy().orElseThrow().contains("usermod -aG kvm"));
  }

  @Test
  void autoWhenTheDeviceFailsOtherwiseTellsHow() throws Exception {
    flags("svm");
    device();
    opener =
        device -> {
          throw new FileSystemException(device.toString(), null, "Device or resource busy");
        };

    assertTrue(decide(Request.AUTO).reason().contains("Device or resource busy"));
  }

  @Test
  void autoWhenTheProbeGuestFailsTellsWhy() throws Exception {
    flags("svm");
    device();
    guest =
        () -> {
          throw new VmmException("The processor stopped.");
        };

    assertEquals(
        "Engine: qemu (software emulation), because a probe guest on /dev/kvm did not run"
            + " (The processor stopped).",
        decide(Request.AUTO).reason());
  }

  @Test
  void autoWhenNothingWorksTellsBothReasons() {
    qemu = NO_QEMU;

    String refusal = refusal(Request.AUTO);

    assertTrue(refusal.contains("no svm or vmx flag"), refusal);
    assertTrue(refusal.endsWith("QEMU is not installed: install it."), refusal);
  }

  @Test
  void autoDoesNotAskForQemuWhenKvmWorks() throws Exception {
    flags("svm");
    device();
    qemu = NO_QEMU;

    assertEquals("kvm", decide(Request.AUTO).engine());
  }

  @Test
  void autoWhenCpuinfoIsMissingIsQemu() throws Exception {
    Files.delete(root.resolve("proc/cpuinfo"));

    assertEquals("qemu", decide(Request.AUTO).engine());
  }

  @Test
  void kvmAskedForOnPvmIsHonouredWithAWarning() throws Exception {
    module("kvm_pvm");
    device();

    Decision decision = decide(Request.KVM);

    assertEquals("kvm", decision.engine());
    assertTrue(decision.reason().contains("although /dev/kvm is there"), decision.reason());
  }

  @Test
  void kvmAskedForWithoutDeviceIsRefusedWithARemedy() throws Exception {
    flags("svm");

    assertEquals(
        "The engine kvm cannot be used, because there is no /dev/kvm (run: sudo modprobe kvm_amd).",
        refusal(Request.KVM));
  }

  @Test
  void kvmAskedForIsHonouredWithoutAProbe() throws Exception {
    flags("svm");
    device();
    guest = NO_QEMU;

    assertEquals("kvm", decide(Request.KVM).engine());
  }

  @Test
  void qemuAskedForIsHonouredWhereKvmWorks() throws Exception {
    flags("svm");
    device();

    Decision decision = decide(Request.QEMU);

    assertEquals("qemu", decision.engine());
    assertEquals("Engine: qemu (software emulation), as asked.", decision.reason());
  }

  @Test
  void qemuAskedForWithoutQemuIsRefused() {
    qemu = NO_QEMU;

    assertEquals("QEMU is not installed: install it.", refusal(Request.QEMU));
  }

  @Test
  void unknownNameIsRefusedWithTheKnownOnes() throws Exception {
    assertEquals(Request.AUTO, Request.of("auto"));
    assertEquals(Request.KVM, Request.of("kvm"));
    assertEquals(Request.QEMU, Request.of("qemu"));
    InvalidConfigException e = assertThrows(InvalidConfigException.class, () -> Request.of("xen"));
    assertEquals("Engine: \"xen\" is not one; choose auto, kvm or qemu.", e.getMessage());
  }

  @Test
  void deviceThatIsNotOneCannotBeOpened() throws Exception {
    flags("svm");
    Files.createDirectory(root.resolve("dev/kvm"));
    HardwareVirtualization real = new HardwareVirtualization(root);

    assertTrue(real.unopened().orElseThrow().because().startsWith("/dev/kvm cannot be opened ("));
  }
}
