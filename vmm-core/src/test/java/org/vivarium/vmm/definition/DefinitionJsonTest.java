package org.vivarium.vmm.definition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

/** What definitions are read and refused. */
class DefinitionJsonTest {
  /** A definition with every kind of device. */
  static VmDefinition full(GuestSource guest) {
    PortForward ssh = new PortForward(PortForward.Protocol.TCP, "127.0.0.1", 2222, 22);
    PortForward dns = new PortForward(PortForward.Protocol.UDP, "::1", 5353, 53);
    return new VmDefinition(
        "full.one-2_3",
        "Text with \"quotes\" and\nlines",
        64,
        32,
        "qemu",
        guest,
        new DeviceSet(
            List.of(
                new DiskConfig(
                    "a",
                    Path.of("a.qcow2"),
                    DiskFormat.QCOW2,
                    true,
                    "SN 1",
                    new RateLimit(1, 2),
                    WhenFull.REPORT),
                new DiskConfig("b", Path.of("/dev/sdx"), null, false, "", RateLimit.NONE)),
            List.of(
                card("n0", new NetBackend.User(List.of(ssh, dns)), "52:54:00:00:00:01"),
                card("n1", new NetBackend.Tap("tap0"), "52:54:00:00:00:02"),
                card("n2", new NetBackend.Segment("lab"), "52:54:00:00:00:03"),
                card("n3", new NetBackend.None(), "52:54:00:00:00:04")),
            true,
            true,
            true,
            new VsockConfig(4_294_967_294L, Path.of(""))),
        true);
  }

  private static NetConfig card(String id, NetBackend backend, String mac) {
    return new NetConfig(id, backend, mac, false, new RateLimit(Long.MAX_VALUE, 0));
  }

  private static VmDefinition read(String json) throws InvalidConfigException {
    return DefinitionJson.read("test", json).definition();
  }

  private static String refusal(String json) {
    return String.valueOf(
        assertThrows(InvalidConfigException.class, () -> read(json)).getMessage());
  }

  @Test
  void everyFieldSurvivesWritingAndReading() throws Exception {
    List<GuestSource> guests =
        List.of(
            new GuestSource.Catalogue("tiny", "quiet"),
            new GuestSource.Kernel(Path.of("/k"), Path.of("initrd"), "console=ttyS0"),
            new GuestSource.Kernel(Path.of("k"), null, ""),
            new GuestSource.Disk("single"));
    for (GuestSource guest : guests) {
      VmDefinition definition = full(guest);

      DefinitionJson.Text read =
          DefinitionJson.read(definition.name(), DefinitionJson.write(definition));

      assertEquals(definition, read.definition());
      assertFalse(read.migrated());
    }
  }

  @Test
  void fieldsWithDefaultsMayBeMissing() throws Exception {
    VmDefinition definition =
        read(
            "{\"version\":1,\"cpus\":1,\"memoryMib\":64,\"guest\":{\"kind\":\"catalogue\",\"entry\":\"tiny\"}}");

    assertEquals(
        new VmDefinition(
            "test",
            "",
            1,
            64,
            "auto",
            new GuestSource.Catalogue("tiny", ""),
            DeviceSet.NONE,
            false),
        definition);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "cpus":1          | "cpus":0           | cpus: found 0; allowed is a whole number from 1 to 64.
          "cpus":1          | "cpus":9223372036854775808 | cpus: found 9223372036854775808; allowed is a whole number from 1 to 64.
          "cpus":1          | "cpus":1e309       | cpus: found
          "cpus":1          | "cpus":"2"         | cpus: found "2"; allowed is a whole number
          "cpus":1          | "cpu":1            | cpus: found nothing; allowed is
          "memoryMib":64    | "memoryMib":-1     | memoryMib: found -1; allowed is a whole number from 32 to 524288.
          "autostart":false | "autostart":1      | autostart: found 1; allowed is true or false.
          "autostart":false | "autostart":false,"colour":1 | colour: there is no such field; allowed are version, description,
          "autostart":false | "autostart":false,"autostart":true | It is not valid JSON in line 1
          "engine":"auto"   | "engine":"xen"     | engine: found "xen"; allowed is one of auto, kvm, qemu.
          "entry":"tiny"    | "entry":"../x"     | guest.entry: found "../x"; allowed is the name of an entry
          "entry":"tiny"    | "entry":"tiny","kernel":"/k" | guest.kernel: there is no such field; allowed are kind, entry, append.
          "kind":"catalogue"| "kind":"iso"       | guest.kind: found "iso"; allowed is one of catalogue, kernel, disk.
          "kind":"catalogue","entry":"tiny"| "kind":"disk" | guest: found
          "disks":[]        | "disks":{}         | devices.disks: found {}; allowed is an array of at most 64 objects.
          "disks":[]        | "disks":[1]        | devices.disks[0]: found 1; allowed is an object.
          "disks":[]        | "disks":[{"id":"a","file":""}] | devices.disks[0].file: found ""; allowed is a file's path
          "disks":[]        | "disks":[{"id":"a","file":"x\\n"}] | devices.disks[0].file: found
          "disks":[]        | "disks":[{"id":"a/b","file":"x"}] | devices.disks[0].id: found "a/b"; allowed is 1 to 32
          "disks":[]        | "disks":[{"id":"a","file":"x"},{"id":"a","file":"y"}] | devices.disks[1].id: found "a" a second time
          "disks":[]        | "disks":[{"id":"a","file":"x"},{"id":"b","file":"./x"}] | devices.disks[1].file: found "x" a second time
          "disks":[]        | "disks":[{"id":"a","file":"x","limit":{"bytesPerSecond":-1}}] | devices.disks[0].limit.bytesPerSecond: found -1
          "disks":[]        | "disks":[{"id":"a","file":"x","format":"vmdk"}] | devices.disks[0].format: found "vmdk"; allowed is one of raw, qcow2.
          "networks":[]     | "networks":[{"id":"n","mac":"01:00:00:00:00:00","backend":{"kind":"none"}}] | devices.networks[0].mac: found "01:00:00:00:00:00"; allowed is a unicast
          "networks":[]     | "networks":[{"id":"n","mac":"02:00:00:00:00:00","backend":{"kind":"tap","device":"a/b"}}] | devices.networks[0].backend.device: found "a/b"
          "networks":[]     | "networks":[{"id":"n","mac":"02:00:00:00:00:00","backend":{"kind":"user","forwards":[{"protocol":"tcp","hostPort":0,"guestPort":1}]}}] | devices.networks[0].backend.forwards[0].hostPort: found 0; allowed is a whole number from 1 to 65535.
          "networks":[]     | "networks":[{"id":"n","mac":"02:00:00:00:00:00","backend":{"kind":"user","forwards":[{"protocol":"tcp","hostAddress":"example","hostPort":1,"guestPort":1}]}}] | devices.networks[0].backend.forwards[0].hostAddress: found "example"; allowed is an IPv4
          "networks":[]     | "networks":[],"vsock":{"cid":2} | devices.vsock.cid: found 2; allowed is a whole number from 3 to 4294967294.
          "version":1       | "version":2        | version: found 2, which a newer Vivarium wrote; allowed is 1 to 1.
          "version":1       | "version":0        | version: found 0; allowed is 1 to 1.
          "version":1       | "description":"x"  | version: found nothing; allowed is 1 to 1.
          """)
  void impossibleFieldIsNamedWithWhatWasFoundAndWhatIsAllowed(
      String good, String bad, String sentence) throws Exception {
    String json =
        "{\"version\":1,\"cpus\":1,\"memoryMib\":64,\"engine\":\"auto\",\"guest\":{\"kind\":\"catalogue\",\"entry\":\"tiny\"},"
            + "\"devices\":{\"disks\":[],\"networks\":[]},\"autostart\":false}";
    read(json);
    assertTrue(json.contains(good), good);

    String refusal = refusal(json.replace(good, bad));

    assertTrue(refusal.startsWith(sentence), refusal);
  }

  @Test
  void whatIsNoDefinitionIsRefused() {
    assertTrue(refusal("").contains("empty"));
    assertTrue(refusal("[]").contains("no object"));
    assertTrue(refusal("{").contains("not valid JSON"));
    assertTrue(refusal("{} x").contains("not valid JSON"));
    assertTrue(refusal("{\"a\":".repeat(10_000)).contains("not valid JSON"));
  }

  @Test
  void nameThatIsAPathIsRefused() {
    VmDefinition bad =
        new VmDefinition(
            "../x",
            "",
            1,
            64,
            "auto",
            new GuestSource.Catalogue("tiny", ""),
            DeviceSet.NONE,
            false);

    assertThrows(InvalidConfigException.class, () -> DefinitionJson.check(bad));
  }

  @Test
  void olderVersionsAreMigratedStepByStep() throws Exception {
    String old =
        "{\"version\":-1,\"processors\":3,\"ram\":64,\"guest\":{\"kind\":\"catalogue\",\"entry\":\"tiny\"}}";

    DefinitionJson.Text read =
        DefinitionJson.read(
            "test",
            old,
            List.of(
                node -> {
                  node.set("cpus", node.remove("processors"));
                  return node;
                },
                node -> {
                  node.set("memoryMib", node.remove("ram"));
                  return node;
                }),
            1);

    assertTrue(read.migrated());
    assertEquals(3, read.definition().cpus());
    assertEquals(64, read.definition().memoryMib());
  }
}
