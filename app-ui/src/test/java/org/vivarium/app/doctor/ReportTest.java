package org.vivarium.app.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vivarium.app.doctor.Finding.Level;

class ReportTest {
  private static final String JAVA = "25.0.3";
  private static final String NO_SVM = "model name\t: AMD EPYC\nflags\t\t: fpu sse\n";
  private static final String NO_SVM_IN_VM = "flags\t\t: fpu hypervisor\n";

  private static final EngineForecast KVM = new EngineForecast("kvm", "kvm, because it works");

  private final FakeHost host = FakeHost.complete();

  private Report report() {
    return Report.of(host, KVM, JAVA, "/data");
  }

  private Finding find(String subject) {
    return report().findings().stream()
        .filter(finding -> finding.subject().equals(subject))
        .findFirst()
        .orElseThrow();
  }

  private void assertNote(String subject, String text, String remedy) {
    Finding finding = find(subject);
    assertEquals(Level.NOTE, finding.level());
    assertEquals(text, finding.text());
    assertEquals(remedy, finding.remedy());
  }

  @Test
  void everythingIsOkOnACompleteComputer() {
    Report report = report();

    assertTrue(report.isUsable());
    assertTrue(report.findings().stream().allMatch(f -> f.level() == Level.OK));
    assertTrue(report.findings().stream().allMatch(f -> f.remedy().isEmpty()));
  }

  @Test
  void firmwareIsTheRemedyWhenARealProcessorDoesNotVirtualize() {
    host.file("/proc/cpuinfo", NO_SVM);

    assertNote(
        "Processor",
        "AMD EPYC, offers no hardware virtualization",
        "Turn on SVM (AMD) or VT-x (Intel) in the computer's firmware setup.");
  }

  @Test
  void nestingIsTheRemedyWhenTheComputerIsAVirtualMachine() {
    host.file("/proc/cpuinfo", NO_SVM_IN_VM);

    Finding finding = find("Processor");

    assertEquals("unknown, offers no hardware virtualization", finding.text());
    assertTrue(finding.remedy().contains("nested virtualization"));
  }

  @Test
  void moduleIsLoadedByHandWhenTheProcessorCouldVirtualize() {
    host.without("/sys/module/kvm_amd").without("/dev/kvm");

    assertNote("KVM module", "kvm_amd is not loaded", "sudo modprobe kvm_amd");
    assertNote("/dev/kvm", "is not there", "Load the KVM module; see above.");
  }

  @Test
  void intelModuleIsNamedOnAnIntelProcessor() {
    host.file("/proc/cpuinfo", "model name\t: Xeon\nflags\t\t: vmx\n");
    host.without("/sys/module/kvm_amd");

    assertEquals("sudo modprobe kvm_intel", find("KVM module").remedy());
  }

  @Test
  void groupIsTheRemedyWhenTheDeviceIsClosedToTheUser() {
    host.closed("/dev/kvm");

    assertNote(
        "/dev/kvm",
        "is there, but this user may not open it",
        "sudo usermod -aG kvm ann, then log in again");
  }

  @Test
  void deviceWithoutHardwareVirtualizationRunsNoKernel() {
    host.file("/proc/cpuinfo", NO_SVM_IN_VM);
    host.without("/sys/module/kvm_amd").file("/sys/module/kvm_pvm", "");

    assertNote("/dev/kvm", "opens, but can run no distribution's kernel", "");
    assertTrue(find("KVM module").text().startsWith("kvm_pvm is loaded"));
    assertTrue(report().isUsable());
  }

  @Test
  void computerWithoutAnEngineIsNotUsable() {
    EngineForecast none = new EngineForecast("none", "No engine works here: because");

    Report report = Report.of(host, none, JAVA, "/data");

    assertFalse(report.isUsable());
    assertTrue(
        report.findings().stream()
            .anyMatch(
                f ->
                    f.level() == Level.MISSING
                        && f.subject().equals("Engine")
                        && f.text().equals("No engine works here: because")));
  }

  @Test
  void emulationIsNotedAndUsable() {
    EngineForecast qemu = new EngineForecast("qemu", "qemu, because there is no /dev/kvm");

    Report report = Report.of(host, qemu, JAVA, "/data");

    assertTrue(report.isUsable());
    assertTrue(
        report.findings().stream()
            .anyMatch(f -> f.text().equals("qemu, because there is no /dev/kvm; it is slower")));
  }

  @Test
  void kvmAloneIsEnoughWithoutQemu() {
    host.withoutProgram("qemu-system-x86_64");

    assertNote(
        "QEMU",
        "qemu-system-x86_64 is not installed; only software emulation needs it",
        "sudo apt-get install qemu-system-x86");
    assertTrue(report().isUsable());
  }

  @ParameterizedTest
  @CsvSource({
    "passt,passt",
    "mmdebstrap,mmdebstrap",
    "qemu-img,qemu-utils",
    "iasl,acpica-tools",
    "sqfstar,squashfs-tools",
    "skopeo,skopeo"
  })
  void missingProgramIsInstalledByItsPackage(String program, String packages) {
    host.withoutProgram(program);

    assertEquals("sudo apt-get install " + packages, find(program).remedy());
  }

  @Test
  void remedyNamesNoAptWhereThereIsNone() {
    host.withoutProgram("apt-get").withoutProgram("passt");

    assertEquals("Install what Debian calls passt.", find("passt").remedy());
    assertEquals(Level.NOTE, find("apt").level());
  }

  @Test
  void mirrorStandsInForApt() {
    host.withoutProgram("apt-get").variable("VIVARIUM_MIRROR", "https://mirror.example/debian x");

    assertEquals(Level.OK, find("apt").level());
  }

  @Test
  void anyContainerRuntimeWillDo() {
    host.withoutProgram("runc").program("podman", "podman 4");

    assertEquals("podman", find("Runtime").text());
  }

  @Test
  void closedNetworkDeviceIsNoted() {
    host.closed("/dev/net/tun");

    assertTrue(find("/dev/net/tun").text().startsWith("is there, but this user may not open it"));
  }

  @Test
  void missingNetworkDevicesAreNoted() {
    host.without("/dev/net/tun");

    assertEquals("sudo modprobe tun", find("/dev/net/tun").remedy());

    host.without("/dev/vhost-net");

    assertEquals("sudo modprobe vhost_net", find("/dev/vhost-net").remedy());
  }

  @Test
  void smallSocketBuffersAreNoted() {
    host.file("/proc/sys/net/core/wmem_max", "212992\n");

    assertNote(
        "Socket buffers",
        "only 208 KiB are allowed: several downloads at once through passt wait for seconds",
        "echo net.core.wmem_max=4194304 | sudo tee /etc/sysctl.d/60-passt.conf"
            + " && sudo sysctl --system");

    host.file("/proc/sys/net/core/wmem_max", "2097152\n");
    assertEquals(Level.OK, find("Socket buffers").level());
  }

  @Test
  void mountNamespaceStandsInForLandlock() {
    host.withoutLandlock();

    assertEquals(Level.OK, find("Landlock").level());
    assertTrue(find("Landlock").text().contains("mount namespace"));
  }

  @Test
  void kernelWithNeitherLandlockNorNamespacesIsNoted() {
    host.withoutLandlock().withoutMountNamespace();

    assertEquals(Level.NOTE, find("Landlock").level());
    assertTrue(report().isUsable());
  }

  @Test
  void desktopNeedsDisplayGtkAndFonts() {
    host.withoutVariable("DISPLAY")
        .without("/usr/lib/x86_64-linux-gnu/libgtk-3.so.0")
        .without("/usr/share/fonts/truetype");

    assertEquals(Level.NOTE, find("Display").level());
    assertEquals("sudo apt-get install libgtk-3-0", find("GTK").remedy());
    assertEquals("sudo apt-get install fonts-dejavu-core", find("Fonts").remedy());
    assertTrue(report().isUsable());
  }

  @ParameterizedTest
  @CsvSource({
    "/proc/sys/kernel/io_uring_disabled, 2, io_uring",
    "/proc/sys/kernel/unprivileged_userns_clone, 0, User namespaces",
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns, 1, User namespaces",
    "/proc/sys/user/max_user_namespaces, 0, User namespaces",
    "/sys/fs/cgroup/cgroup.controllers, hugetlb, Control groups",
    "/proc/sys/kernel/osrelease, 5.10.0-9-amd64, Kernel",
    "/proc/sys/kernel/osrelease, 6.0.1, Kernel",
    "/proc/sys/kernel/osrelease, strange, Kernel",
    "/proc/meminfo, MemAvailable: 102400 kB, Memory",
    "/proc/meminfo, nothing, Memory",
    "/proc/self/limits, Max open files 256 512 files, Open files",
  })
  void limitOfTheComputerIsNoted(String path, String text, String subject) {
    host.file(path, text + "\n");

    assertEquals(Level.NOTE, find(subject).level());
    assertTrue(report().isUsable());
  }

  @Test
  void fullDiskIsNoted() {
    host.freeBytes(3L << 20);

    assertNote(
        "Disk",
        "only 3 MiB are free for /data",
        "Free some space, or set VIVARIUM_HOME to a folder with more.");
  }

  @Test
  void oldJavaIsMissingSomething() {
    Report report = Report.of(host, KVM, "21.0.9", "/data");

    assertFalse(report.isUsable());
  }

  @Test
  void emptyComputerGetsFindingsAndNoException() {
    Report report = Report.of(new FakeHost(), KVM, JAVA, "/data");

    assertTrue(report.findings().stream().anyMatch(f -> f.level() == Level.NOTE));
  }
}
