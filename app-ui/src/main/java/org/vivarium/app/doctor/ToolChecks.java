package org.vivarium.app.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Programs and devices that parts of Vivarium use when they are there. */
final class ToolChecks {
  private static final String NETWORK = "Networks";
  private static final String GUESTS = "Making guests";
  private static final String CONTAINERS = "Containers";

  /** What passt calls a large buffer (SNDBUF_BIG), bytes. */
  private static final long LARGE_BUFFER = 4L << 20;

  private ToolChecks() {}

  static List<Finding> all(Host host) {
    List<Finding> findings = new ArrayList<>();
    findings.add(tool(host, NETWORK, "passt", "passt", "is for networks without root"));
    findings.add(socketBuffers(host));
    findings.add(device(host, "/dev/net/tun", "is for networks through a bridge", "tun"));
    findings.add(
        device(host, "/dev/vhost-net", "makes networks through a bridge fast", "vhost_net"));
    findings.add(apt(host));
    findings.add(
        tool(host, GUESTS, "mmdebstrap", "mmdebstrap", "is for making whole Debian guests"));
    findings.add(tool(host, GUESTS, "mke2fs", "e2fsprogs", "makes the disks of such guests"));
    findings.add(
        tool(host, GUESTS, "newuidmap", "uidmap", "is for making such guests without root"));
    findings.add(tool(host, GUESTS, "ssh", "openssh-client", "is for 'vivarium ssh'"));
    findings.add(tool(host, GUESTS, "qemu-img", "qemu-utils", "is for the tests of disks"));
    findings.add(tool(host, GUESTS, "iasl", "acpica-tools", "is for the tests of ACPI tables"));
    findings.add(
        tool(host, CONTAINERS, "sqfstar", "squashfs-tools", "makes disks of images' layers"));
    findings.add(tool(host, CONTAINERS, "skopeo", "skopeo", "fetches images from registries"));
    findings.add(containers(host));
    return findings;
  }

  private static Finding tool(
      Host host, String section, String program, String packages, String use) {
    Optional<String> path = host.program(program);
    return path.isPresent()
        ? Finding.ok(section, program, path.get())
        : Finding.note(
            section, program, "is not installed; it " + use, Remedy.install(host, packages));
  }

  private static Finding device(Host host, String path, String use, String module) {
    if (!host.exists(path)) {
      return Finding.note(NETWORK, path, "is not there; it " + use, "sudo modprobe " + module);
    }
    return host.canReadAndWrite(path)
        ? Finding.ok(NETWORK, path, "opens")
        : Finding.note(NETWORK, path, "is there, but this user may not open it; it " + use, "");
  }

  /**
   * What passt sends while its socket is full is lost, and sent again after two seconds. It makes
   * its socket large where the kernel then says {@link #LARGE_BUFFER}, which is twice what is set.
   */
  private static Finding socketBuffers(Host host) {
    String subject = "Socket buffers";
    String text = host.read("/proc/sys/net/core/wmem_max").orElse("").strip();
    if (!text.matches("\\d{1,18}")) {
      return Finding.note(NETWORK, subject, "cannot be read from /proc/sys/net/core/wmem_max", "");
    }
    long bytes = Long.parseLong(text);
    return bytes >= LARGE_BUFFER / 2
        ? Finding.ok(NETWORK, subject, "up to " + (bytes >> 10) + " KiB")
        : Finding.note(
            NETWORK,
            subject,
            "only "
                + (bytes >> 10)
                + " KiB are allowed: several downloads at once through passt wait for seconds",
            "echo net.core.wmem_max=%d | sudo tee /etc/sysctl.d/60-passt.conf && sudo sysctl --system"
                .formatted(LARGE_BUFFER));
  }

  private static Finding apt(Host host) {
    if (host.program("apt-get").isPresent()) {
      return Finding.ok(GUESTS, "apt", "Debian packages come through apt-get");
    }
    return host.variable("VIVARIUM_MIRROR").isPresent()
        ? Finding.ok(GUESTS, "apt", "is not here; VIVARIUM_MIRROR names a mirror instead")
        : Finding.note(
            GUESTS,
            "apt",
            "is not here, and guests are made from Debian packages",
            "Set VIVARIUM_MIRROR to a Debian mirror's address and suite.");
  }

  private static Finding containers(Host host) {
    List<String> found =
        List.of("runc", "crun", "podman", "docker").stream()
            .filter(name -> host.program(name).isPresent())
            .toList();
    return found.isEmpty()
        ? Finding.note(
            CONTAINERS,
            "Runtime",
            "none is installed; it is for comparing machines with containers",
            Remedy.install(host, "runc"))
        : Finding.ok(
            CONTAINERS,
            "Runtime",
            String.join(", ", found)
                + (found.contains("podman")
                    ? ""
                    : "; podman is optional, 'vivarium bench --only run' measures beside it"));
  }
}
