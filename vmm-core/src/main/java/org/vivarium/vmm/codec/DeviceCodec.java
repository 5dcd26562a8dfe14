package org.vivarium.vmm.codec;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.config.VsockConfig;
import org.vivarium.vmm.config.WhenFull;

/** Devices in JSON: in a definition, and as a control request's parameters. */
public final class DeviceCodec {
  static final int MAX_DISKS = 64;
  static final int MAX_NETWORKS = 16;
  static final int MAX_FORWARDS = 256;
  static final int MAX_PATH = 4096;
  private static final int MAX_PORT = 65_535;
  private static final long MIN_CID = 3;
  private static final long MAX_CID = (1L << 32) - 2;

  static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,31}");
  private static final Pattern SERIAL = Pattern.compile("[ -~]{0,20}");
  // The second digit of a unicast address is even (IEEE 802).
  private static final Pattern MAC =
      Pattern.compile("[0-9A-Fa-f][02468ACEace](:[0-9A-Fa-f]{2}){5}");
  // netdevice(7): IFNAMSIZ is 16 with its NUL.
  private static final Pattern INTERFACE = Pattern.compile("[^/\\s\\p{Cntrl}]{1,15}");
  private static final Pattern ADDRESS =
      Pattern.compile(
          "((25[0-5]|(2[0-4]|1?[0-9])?[0-9])(\\.(?!$)|$)){4}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]+");
  private static final String ID_ALLOWED =
      "1 to 32 letters, digits, '.', '_' and '-', a letter or a digit first";

  private DeviceCodec() {}

  static ObjectNode write(DeviceSet devices) {
    ObjectNode node = Json.object();
    ArrayNode disks = node.putArray("disks");
    devices.disks().forEach(disk -> disks.add(write(disk)));
    ArrayNode networks = node.putArray("networks");
    devices.networks().forEach(card -> networks.add(write(card)));
    node.put("rng", devices.rng()).put("balloon", devices.balloon());
    node.put("console", devices.console());
    VsockConfig vsock = devices.vsock();
    if (vsock != null) {
      node.putObject("vsock").put("cid", vsock.cid());
    }
    return node;
  }

  static DeviceSet read(JsonFields fields) throws InvalidConfigException {
    List<DiskConfig> disks = fields.list("disks", MAX_DISKS, DeviceCodec::disk);
    List<NetConfig> networks = fields.list("networks", MAX_NETWORKS, DeviceCodec::network);
    unique(fields.path("disks"), "id", disks, DiskConfig::id);
    unique(fields.path("disks"), "file", disks, disk -> disk.file().normalize());
    unique(fields.path("networks"), "id", networks, NetConfig::id);
    unique(fields.path("networks"), "mac", networks, card -> card.mac().toLowerCase(Locale.ROOT));
    boolean rng = fields.flag("rng", false);
    boolean balloon = fields.flag("balloon", false);
    boolean console = fields.flag("console", false);
    @Nullable VsockConfig vsock = null;
    if (fields.has("vsock")) {
      JsonFields socket = fields.object("vsock");
      vsock = new VsockConfig(socket.number("cid", MIN_CID, MAX_CID), Path.of(""));
      socket.end();
    }
    fields.end();
    return new DeviceSet(disks, networks, rng, balloon, console, vsock);
  }

  private static <T> void unique(
      String list, String field, List<T> items, Function<T, Object> value)
      throws InvalidConfigException {
    Set<Object> seen = new HashSet<>();
    for (int i = 0; i < items.size(); i++) {
      Object found = value.apply(items.get(i));
      if (!seen.add(found)) {
        throw new InvalidConfigException(
            "%s[%d].%s: found \"%s\" a second time; allowed is one that no other has."
                .formatted(list, i, field, found));
      }
    }
  }

  /** A disk, as an object. */
  public static ObjectNode write(DiskConfig disk) {
    ObjectNode node = Json.object().put("id", disk.id()).put("file", disk.file().toString());
    DiskFormat format = disk.format();
    if (format != null) {
      node.put("format", JsonFields.nameOf(format));
    }
    node.put("readOnly", disk.readOnly()).put("serial", disk.serial());
    node.set("limit", write(disk.limit()));
    node.put("whenFull", JsonFields.nameOf(disk.whenFull()));
    return node;
  }

  /** A disk; refuses fields that a disk does not have. */
  public static DiskConfig disk(JsonFields fields) throws InvalidConfigException {
    DiskConfig disk =
        new DiskConfig(
            id(fields, "id"),
            file(fields, "file"),
            fields.has("format") ? fields.choice("format", DiskFormat.values()) : null,
            fields.flag("readOnly", false),
            fields.has("serial")
                ? fields.text("serial", SERIAL, "at most 20 printable ASCII characters")
                : "",
            limit(fields),
            fields.has("whenFull") ? fields.choice("whenFull", WhenFull.values()) : WhenFull.PAUSE);
    fields.end();
    return disk;
  }

  /** An identifier of a device. */
  public static String id(JsonFields fields, String name) throws InvalidConfigException {
    return fields.text(name, ID, ID_ALLOWED);
  }

  static Path file(JsonFields fields, String name) throws InvalidConfigException {
    return Path.of(
        fields.text(
            name,
            text ->
                !text.isEmpty()
                    && text.length() <= MAX_PATH
                    && text.codePoints().noneMatch(Character::isISOControl),
            "a file's path of at most " + MAX_PATH + " characters"));
  }

  private static ObjectNode write(NetConfig card) {
    ObjectNode node = Json.object().put("id", card.id());
    ObjectNode backend = node.putObject("backend");
    switch (card.backend()) {
      case NetBackend.User(List<PortForward> forwards) ->
          backend.put("kind", "user").set("forwards", write(forwards));
      case NetBackend.Tap(String device) -> backend.put("kind", "tap").put("device", device);
      case NetBackend.Segment(String name) -> backend.put("kind", "segment").put("name", name);
      case NetBackend.None _ -> backend.put("kind", "none");
    }
    node.put("mac", card.mac()).put("linkUp", card.linkUp());
    node.set("limit", write(card.limit()));
    return node;
  }

  private static NetConfig network(JsonFields fields) throws InvalidConfigException {
    String id = id(fields, "id");
    JsonFields backend = fields.object("backend");
    NetBackend plugged =
        switch (backend.choice("kind", List.of("user", "tap", "segment", "none"))) {
          case "user" -> new NetBackend.User(forwards(backend));
          case "tap" ->
              new NetBackend.Tap(
                  backend.text("device", INTERFACE, "a TAP device's name of 1 to 15 characters"));
          case "segment" -> new NetBackend.Segment(backend.text("name", ID, ID_ALLOWED));
          default -> new NetBackend.None();
        };
    backend.end();
    String mac =
        fields.text("mac", MAC, "a unicast address of six hexadecimal bytes between colons");
    NetConfig card = new NetConfig(id, plugged, mac, fields.flag("linkUp", true), limit(fields));
    fields.end();
    return card;
  }

  /** Forwarded ports, as an array. */
  public static ArrayNode write(List<PortForward> forwards) {
    ArrayNode array = Json.array();
    for (PortForward forward : forwards) {
      array
          .addObject()
          .put("protocol", JsonFields.nameOf(forward.protocol()))
          .put("hostAddress", forward.hostAddress())
          .put("hostPort", forward.hostPort())
          .put("guestPort", forward.guestPort());
    }
    return array;
  }

  /** The field {@code forwards}; empty where it is missing. */
  public static List<PortForward> forwards(JsonFields fields) throws InvalidConfigException {
    List<PortForward> forwards = fields.list("forwards", MAX_FORWARDS, DeviceCodec::forward);
    unique(
        fields.path("forwards"),
        "hostPort",
        forwards,
        f -> f.protocol() + " " + f.hostAddress() + " port " + f.hostPort());
    return forwards;
  }

  private static PortForward forward(JsonFields fields) throws InvalidConfigException {
    PortForward forward =
        new PortForward(
            fields.choice("protocol", PortForward.Protocol.values()),
            fields.has("hostAddress")
                ? fields.text("hostAddress", ADDRESS, "an IPv4 or IPv6 address, not a name")
                : "127.0.0.1",
            (int) fields.number("hostPort", 1, MAX_PORT),
            (int) fields.number("guestPort", 1, MAX_PORT));
    fields.end();
    return forward;
  }

  /** A limit, as an object. */
  public static ObjectNode write(RateLimit limit) {
    return Json.object()
        .put("bytesPerSecond", limit.bytesPerSecond())
        .put("operationsPerSecond", limit.operationsPerSecond());
  }

  /** The field {@code limit}; none where it is missing. */
  public static RateLimit limit(JsonFields fields) throws InvalidConfigException {
    if (!fields.has("limit")) {
      return RateLimit.NONE;
    }
    JsonFields limit = fields.object("limit");
    long bytes = limit.number("bytesPerSecond", 0, Long.MAX_VALUE, 0);
    long operations = limit.number("operationsPerSecond", 0, Long.MAX_VALUE, 0);
    limit.end();
    return new RateLimit(bytes, operations);
  }
}
