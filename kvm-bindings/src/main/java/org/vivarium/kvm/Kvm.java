package org.vivarium.kvm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.vivarium.kvm.KvmUnavailableException.Reason;
import org.vivarium.kvm.ffi.Linux;

/** The KVM subsystem: an open {@code /dev/kvm} (KVM API, "System ioctls"). */
public final class Kvm extends FileDescriptor {
  /** Where the kernel offers KVM. */
  public static final Path DEVICE = Path.of("/dev/kvm");

  /** The one API version there ever was since Linux 2.6.22. */
  private static final int API_VERSION = Linux.KVM_API_VERSION();

  private static final int MAX_CPUID_ENTRIES = 256;

  /** A capability that Vivarium cannot do without, and since which kernel it is there. */
  private record Need(int capability, String name, String since) {}

  private static final List<Need> NEEDS =
      List.of(
          new Need(Linux.KVM_CAP_USER_MEMORY(), "KVM_CAP_USER_MEMORY", "2.6.25"),
          new Need(Linux.KVM_CAP_IRQCHIP(), "KVM_CAP_IRQCHIP", "2.6.20"),
          new Need(Linux.KVM_CAP_PIT2(), "KVM_CAP_PIT2", "2.6.31"),
          new Need(Linux.KVM_CAP_SET_TSS_ADDR(), "KVM_CAP_SET_TSS_ADDR", "2.6.25"),
          new Need(Linux.KVM_CAP_EXT_CPUID(), "KVM_CAP_EXT_CPUID", "2.6.25"),
          new Need(Linux.KVM_CAP_IRQ_ROUTING(), "KVM_CAP_IRQ_ROUTING", "2.6.30"),
          new Need(Linux.KVM_CAP_IRQFD(), "KVM_CAP_IRQFD", "2.6.32"),
          new Need(Linux.KVM_CAP_IOEVENTFD(), "KVM_CAP_IOEVENTFD", "2.6.32"),
          new Need(Linux.KVM_CAP_SIGNAL_MSI(), "KVM_CAP_SIGNAL_MSI", "3.5"),
          new Need(Linux.KVM_CAP_IMMEDIATE_EXIT(), "KVM_CAP_IMMEDIATE_EXIT", "4.13"));

  private final int vcpuMmapSize;

  private Kvm(int fd, int vcpuMmapSize) {
    super(fd);
    this.vcpuMmapSize = vcpuMmapSize;
  }

  /**
   * Opens {@link #DEVICE} and checks that it offers what Vivarium needs.
   *
   * @throws KvmUnavailableException saying what is missing and what to do about it
   */
  public static Kvm open() throws KvmUnavailableException {
    return open(DEVICE);
  }

  static Kvm open(Path device) throws KvmUnavailableException {
    int fd = openDevice(device);
    try {
      int version = (int) NativeCalls.ioctl(fd, Linux.KVM_GET_API_VERSION(), 0);
      requireUsable(
          device,
          version,
          capability -> (int) NativeCalls.ioctl(fd, Linux.KVM_CHECK_EXTENSION(), capability));
      long mmapSize = NativeCalls.ioctl(fd, Linux.KVM_GET_VCPU_MMAP_SIZE(), 0);
      if (mmapSize < GuestMemory.PAGE_SIZE) {
        throw failed(device, "KVM_GET_VCPU_MMAP_SIZE answered " + mmapSize);
      }
      return new Kvm(fd, (int) mmapSize);
    } catch (KvmUnavailableException e) {
      NativeCalls.call(Linux.SYS_close(), fd);
      throw e;
    }
  }

  private static int openDevice(Path device) throws KvmUnavailableException {
    long fd = NativeCalls.open(device, Linux.O_RDWR() | Linux.O_CLOEXEC());
    if (fd >= 0) {
      return (int) fd;
    }
    throw switch ((int) -fd) {
      case Errno.ENOENT, Errno.ENODEV ->
          new KvmUnavailableException(
              Reason.NO_DEVICE,
              "There is no " + device + ".",
              "Load the module with \"sudo modprobe kvm_amd\" or \"sudo modprobe kvm_intel\"; if"
                  + " that fails, turn on SVM (AMD) or VT-x (Intel) in the firmware (BIOS) setup.");
      case Errno.EACCES, Errno.EPERM ->
          new KvmUnavailableException(
              Reason.NO_PERMISSION,
              "This user may not open " + device + ".",
              "Join its group with \"sudo usermod -aG "
                  + groupOf(device)
                  + " $USER\", then log in again.");
      default -> failed(device, "opening it failed (" + Errno.describe((int) -fd) + ")");
    };
  }

  private static KvmUnavailableException failed(Path device, String what) {
    return new KvmUnavailableException(
        Reason.FAILED, device + " is not usable: " + what + ".", "See the kernel log (dmesg).");
  }

  private static String groupOf(Path device) {
    try {
      String group = Files.getAttribute(device, "unix:group").toString();
      return group.equals("root") ? "kvm" : group;
    } catch (IOException | UnsupportedOperationException e) {
      return "kvm";
    }
  }

  /** Refuses an API version or a set of capabilities that Vivarium cannot work with. */
  static void requireUsable(Path device, int version, IntUnaryOperator checkExtension)
      throws KvmUnavailableException {
    if (version < 0) {
      throw failed(device, "it does not answer as KVM does (" + Errno.describe(-version) + ")");
    }
    if (version != API_VERSION) {
      throw new KvmUnavailableException(
          Reason.OLD_API,
          "This kernel's KVM speaks API version " + version + ", not " + API_VERSION + ".",
          "Use a kernel from 2.6.22 on.");
    }
    for (Need need : NEEDS) {
      if (checkExtension.applyAsInt(need.capability()) <= 0) {
        throw new KvmUnavailableException(
            Reason.MISSING_CAPABILITY,
            "This kernel's KVM lacks " + need.name() + ".",
            "Use a kernel from " + need.since() + " on.");
      }
    }
  }

  /**
   * Asks for a capability of the subsystem.
   *
   * @param capability a {@code KVM_CAP_*} number
   * @return 0 if absent, else 1 or a number that the capability defines
   */
  public int checkExtension(int capability) {
    return (int) Math.max(0, NativeCalls.ioctl(fd(), Linux.KVM_CHECK_EXTENSION(), capability));
  }

  /** Most virtual processors of one machine that this kernel allows. */
  public int maxVcpus() {
    return Math.max(1, checkExtension(Linux.KVM_CAP_MAX_VCPUS()));
  }

  /** Whether the guest's local APIC timer can take TSC deadlines. */
  public boolean hasTscDeadlineTimer() {
    return checkExtension(Linux.KVM_CAP_TSC_DEADLINE_TIMER()) > 0;
  }

  /** Makes an empty virtual machine. */
  public KvmVm createVm() throws KvmException {
    long vm;
    do {
      vm = NativeCalls.ioctl(fd(), Linux.KVM_CREATE_VM(), 0);
    } while (vm == -Errno.EINTR);
    return new KvmVm((int) KvmException.check(vm, "create a virtual machine"), vcpuMmapSize);
  }

  /**
   * The CPUID leaves that this kernel and processor can offer a guest.
   *
   * @throws KvmException if the kernel refuses
   */
  public List<CpuidEntry> supportedCpuid() throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      KernelStruct table = CpuidEntry.allocateTable(scratch, MAX_CPUID_ENTRIES);
      // SAFETY: table says itself how many entries it has room for.
      KvmException.check(
          NativeCalls.ioctl(fd(), Linux.KVM_GET_SUPPORTED_CPUID(), table.address()),
          "read the supported CPUID leaves");
      return CpuidEntry.fromTable(table, MAX_CPUID_ENTRIES);
    }
  }
}
