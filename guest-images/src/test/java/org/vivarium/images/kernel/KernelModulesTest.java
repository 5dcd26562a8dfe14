package org.vivarium.images.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.images.ImageException;
import org.vivarium.images.deb.DebFixture;

class KernelModulesTest {
  private final Map<String, byte[]> files = new TreeMap<>();

  private void add(String path, String... modinfo) {
    files.put(path, ElfFixture.module(modinfo));
  }

  private KernelModules modules(String builtIn) {
    return new KernelModules(files.keySet(), builtIn, this::content);
  }

  private byte[] content(String path) throws IOException {
    byte[] content = files.get(path);
    if (content == null) {
      throw new IOException(path);
    }
    return content;
  }

  private static List<String> names(KernelModules.Selection selection) {
    return selection.modules().stream().map(KernelModules.Module::name).toList();
  }

  @Test
  void modulesComeAfterWhatTheyNeedAndOnlyOnce() throws Exception {
    add("kernel/virtio.ko", "depends=virtio_ring");
    add("kernel/virtio_ring.ko", "depends=");
    add("kernel/virtio_net.ko", "depends=virtio_ring,virtio", "alias=virtio:d1v*");
    add("kernel/virtio-rng.ko", "depends=virtio", "alias=virtio:d4v*");
    add("kernel/unwanted.ko", "depends=");

    KernelModules.Selection chosen = modules("").select(List.of("virtio_net", "virtio-rng"));

    assertEquals(List.of("virtio_ring", "virtio", "virtio_net", "virtio_rng"), names(chosen));
    assertEquals(
        """
        kernel/virtio_ring.ko:
        kernel/virtio.ko: kernel/virtio_ring.ko
        kernel/virtio_net.ko: kernel/virtio.ko kernel/virtio_ring.ko
        kernel/virtio-rng.ko: kernel/virtio.ko kernel/virtio_ring.ko
        """,
        chosen.modulesDep());
    assertEquals(
        "alias virtio:d1v* virtio_net\nalias virtio:d4v* virtio_rng\n", chosen.modulesAlias());
  }

  @Test
  void builtInAndAbsentModulesAreReported() throws Exception {
    add("kernel/a.ko", "depends=ext4");

    KernelModules.Selection chosen =
        modules("kernel/fs/ext4/ext4.ko\n\nkernel/lib/crc-x.ko\n")
            .select(List.of("a", "ext4", "crc_x", "9p"));

    assertEquals(List.of("a"), names(chosen));
    assertEquals(List.of("ext4", "crc_x"), chosen.builtIn());
    assertEquals(List.of("9p"), chosen.absent());
  }

  @ParameterizedTest
  @ValueSource(strings = {".xz", ".zst", ".gz"})
  void compressedModulesAreUnpacked(String suffix) throws Exception {
    byte[] elf = ElfFixture.module("depends=");
    files.put("kernel/a.ko" + suffix, DebFixture.compress(suffix, elf));

    KernelModules.Module chosen = modules("").select(List.of("a")).modules().getFirst();

    assertEquals("kernel/a.ko", chosen.path());
    assertArrayEquals(elf, chosen.elf());
  }

  @ParameterizedTest
  @ValueSource(strings = {".xz", ".zst", ".gz"})
  void aModuleCutAtAnyLengthIsRefusedOrWhole(String suffix) throws Exception {
    byte[] packed = DebFixture.compress(suffix, ElfFixture.module("depends=", "alias=x"));
    int refused = 0;
    for (int length = 0; length < packed.length; length++) {
      files.put("kernel/a.ko" + suffix, Arrays.copyOf(packed, length));
      try {
        assertEquals(1, modules("").select(List.of("a")).modules().size());
      } catch (ImageException e) {
        assertTrue(e.getMessage().contains("kernel/a.ko"), e.getMessage());
        refused++;
      }
    }
    assertTrue(refused > packed.length / 2);
  }

  @Test
  void aMissingDependencyIsNamed() {
    add("kernel/a.ko", "depends=b");
    add("kernel/b.ko", "depends=c");

    ImageException e = assertThrows(ImageException.class, () -> modules("").select(List.of("a")));

    assertTrue(e.getMessage().contains("b needed by a needs c"), e.getMessage());
  }

  @Test
  void aCycleIsRefused() {
    add("kernel/a.ko", "depends=b");
    add("kernel/b.ko", "depends=a");

    assertThrows(ImageException.class, () -> modules("").select(List.of("a")));
  }

  @Test
  void aDamagedModuleIsNamed() {
    files.put("kernel/a.ko", new byte[100]);

    ImageException e = assertThrows(ImageException.class, () -> modules("").select(List.of("a")));

    assertTrue(e.getMessage().contains("kernel/a.ko"), e.getMessage());
  }
}
