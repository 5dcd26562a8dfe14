package org.vivarium.vmm.engine.qemu;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.config.WhenFull;
import org.vivarium.vmm.disk.DiskOpener;

/**
 * Says a machine's virtio devices in QEMU's words, for its command line and for its monitor.
 *
 * <p>Disks are plugged into PCI Express root ports, for nothing can be plugged into or out of a
 * q35's root bus itself.
 */
final class QemuDeviceWords {
  /** Root ports without a disk at the start: so many can be attached while the guest runs. */
  static final int SPARE_PORTS = 4;

  /**
   * One port, hvc0, and a vector for each queue and for the configuration. With fewer all queues
   * share one, and Linux turns that off, input with it, once a guest prints much: it takes back
   * what it printed by polling, so that the interrupts find nothing to do ("nobody cared").
   */
  private static final String VIRTIO_SERIAL = "virtio-serial-pci,id=hvcs,max_ports=1,vectors=5";

  /** As {@link #VIRTIO_SERIAL}, for port 1: port 0 is a console's alone. */
  private static final String VIRTIO_STREAM = "virtio-serial-pci,id=hvcs,max_ports=2,vectors=7";

  /** Where root ports begin on the root bus, eight to a slot. */
  private static final int FIRST_PORT_SLOT = 0x10;

  private static final int FUNCTIONS = 8;

  private QemuDeviceWords() {}

  /**
   * Refuses what QEMU's devices cannot do, and files that cannot be what they should be.
   *
   * @throws InvalidConfigException naming the device
   */
  static void check(DeviceSet devices) throws VmmException {
    if (devices.vsock() != null) {
      throw new InvalidConfigException(
          "Vsock: the engine qemu does not have it; choose the engine kvm or leave it out.");
    }
    for (DiskConfig disk : devices.disks()) {
      DiskOpener.standard().check(disk);
    }
    for (NetConfig card : devices.networks()) {
      if (card.backend() instanceof NetBackend.Segment) {
        throw new InvalidConfigException(
            "Network card %s: the engine qemu joins no segment; choose user, tap or none."
                .formatted(card.id()));
      }
      if (!card.limit().equals(RateLimit.NONE)) {
        throw noCardLimit(card.id());
      }
      if (card.backend() instanceof NetBackend.User(List<PortForward> forwards)) {
        for (PortForward forward : forwards) {
          forward(forward);
        }
      }
    }
  }

  static InvalidConfigException noCardLimit(String id) {
    return new InvalidConfigException(
        "Network card %s: the engine qemu limits disks only; leave the card's limit out."
            .formatted(id));
  }

  /** What stands on the command line for the devices. */
  static List<String> arguments(DeviceSet devices, @Nullable Path console) throws VmmException {
    List<String> line = new ArrayList<>();
    if (devices.rng()) {
      add(line, "-object", "rng-random,id=entropy,filename=/dev/urandom");
      add(line, "-device", "virtio-rng-pci,rng=entropy");
    }
    if (devices.balloon()) {
      add(
          line,
          "-device",
          "virtio-balloon-pci,id=balloon,deflate-on-oom=on,free-page-reporting=on");
    }
    if (console != null) {
      add(line, "-chardev", "socket,id=hvc,path=" + QemuCommandLine.escape(console.toString()));
      if (devices.stream()) {
        add(line, "-device", VIRTIO_STREAM, "-device", "virtserialport,nr=1,chardev=hvc");
      } else {
        add(line, "-device", VIRTIO_SERIAL, "-device", "virtconsole,chardev=hvc");
      }
    }
    for (NetConfig card : devices.networks()) {
      network(line, card);
    }
    int ports = devices.disks().isEmpty() ? 0 : devices.disks().size();
    for (int port = 0; port < ports + SPARE_PORTS; port++) {
      add(
          line,
          "-device",
          "pcie-root-port,id=%s,bus=pcie.0,chassis=%d,addr=%x.%d,multifunction=on"
              .formatted(
                  port(port), port + 1, FIRST_PORT_SLOT + port / FUNCTIONS, port % FUNCTIONS));
    }
    for (int i = 0; i < devices.disks().size(); i++) {
      DiskConfig disk = devices.disks().get(i);
      add(line, "-blockdev", blockNode(disk).toString());
      add(line, "-device", QemuCommandLine.suboptions(diskDevice(disk, port(i))));
    }
    return line;
  }

  private static void network(List<String> line, NetConfig card) {
    String netdev = netdev(card.id());
    String end =
        switch (card.backend()) {
          case NetBackend.User(List<PortForward> forwards) -> {
            StringBuilder user = new StringBuilder("user,id=" + netdev);
            forwards.forEach(each -> user.append(",hostfwd=").append(rule(each)));
            yield user.toString();
          }
          case NetBackend.Tap(String device) ->
              "tap,id=%s,ifname=%s,script=no,downscript=no"
                  .formatted(netdev, QemuCommandLine.escape(device));
          case NetBackend.Segment _, NetBackend.None _ -> "";
        };
    if (!end.isEmpty()) {
      add(line, "-netdev", end);
    }
    add(
        line,
        "-device",
        "virtio-net-pci,id=%s,mac=%s%s"
            .formatted(device(card.id()), card.mac(), end.isEmpty() ? "" : ",netdev=" + netdev));
  }

  /** A disk's block node, for -blockdev and blockdev-add. QEMU locks the file as we do. */
  static ObjectNode blockNode(DiskConfig disk) throws VmmException {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("driver", DiskOpener.formatOf(disk) == DiskFormat.QCOW2 ? "qcow2" : "raw");
    node.put("node-name", node(disk.id()));
    node.put("read-only", disk.readOnly()).put("discard", "unmap");
    node.putObject("file")
        .put("driver", Files.isRegularFile(disk.file()) ? "file" : "host_device")
        .put("filename", disk.file().toAbsolutePath().toString())
        .put("read-only", disk.readOnly())
        .put("discard", "unmap");
    return node;
  }

  /** A disk's device, for -device and device_add. */
  static ObjectNode diskDevice(DiskConfig disk, String bus) {
    ObjectNode device = JsonNodeFactory.instance.objectNode();
    device.put("driver", "virtio-blk-pci").put("id", device(disk.id()));
    device.put("drive", node(disk.id())).put("bus", bus);
    if (!disk.serial().isEmpty()) {
      device.put("serial", disk.serial());
    }
    device.put("werror", disk.whenFull() == WhenFull.PAUSE ? "enospc" : "report");
    return device;
  }

  /**
   * A forwarded port as hostfwd_add and hostfwd= take it.
   *
   * @throws InvalidConfigException for an IPv6 address, which QEMU's user network does not forward
   */
  static String forward(PortForward forward) throws InvalidConfigException {
    if (forward.hostAddress().indexOf(':') >= 0) {
      throw new InvalidConfigException(
          "Forwarded port: the engine qemu forwards from IPv4 addresses only, not from %s."
              .formatted(forward.hostAddress()));
    }
    return rule(forward);
  }

  private static String rule(PortForward forward) {
    return "%s-:%d".formatted(hostEnd(forward), forward.guestPort());
  }

  /** A forwarded port as hostfwd_remove takes it. */
  static String hostEnd(PortForward forward) {
    return "%s:%s:%d"
        .formatted(forward.protocol().word(), forward.hostAddress(), forward.hostPort());
  }

  /** The id of a device: QEMU's begin with a letter, ours need not. */
  static String device(String id) {
    return "dev-" + id;
  }

  /** The name of a disk's block node, which QEMU bounds at 31 characters. */
  static String node(String id) {
    return id.length() < 28 ? "bd-" + id : "bd-" + Integer.toHexString(id.hashCode());
  }

  /** The disk of a block node, as well as its name tells. */
  static String diskOf(String node) {
    return node.startsWith("bd-") ? node.substring("bd-".length()) : node;
  }

  /** The id of a card's other end. */
  static String netdev(String id) {
    return "net-" + id;
  }

  /** The id of a root port. */
  static String port(int number) {
    return "port" + number;
  }

  private static void add(List<String> line, String... words) {
    line.addAll(List.of(words));
  }
}
