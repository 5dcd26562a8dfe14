package org.vivarium.images.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ModuleInfoTest {
  private static final byte[] MODULE =
      ElfFixture.module(
          "license=GPL", "depends=virtio-ring,virtio", "alias=virtio:d1v*", "alias=fs-x", "name=x");

  @Test
  void dependenciesAndAliasesAreRead() {
    ModuleInfo info = ModuleInfo.read(MODULE);

    assertEquals(List.of("virtio_ring", "virtio"), info.depends());
    assertEquals(List.of("virtio:d1v*", "fs-x"), info.aliases());
  }

  @Test
  void aModuleWithoutDependenciesHasNone() {
    assertEquals(List.of(), ModuleInfo.read(ElfFixture.module("depends=")).depends());
  }

  @Test
  void aModuleCutAtAnyLengthIsRefusedOrWhole() {
    int refused = 0;
    for (int length = 0; length < MODULE.length; length++) {
      byte[] cut = Arrays.copyOf(MODULE, length);
      try {
        assertEquals(2, ModuleInfo.read(cut).depends().size());
      } catch (IllegalArgumentException e) {
        assertTrue(String.valueOf(e.getMessage()).contains("ELF"), e::getMessage);
        refused++;
      }
    }
    assertTrue(refused > MODULE.length / 2);
  }

  @Test
  void somethingElseIsRefused() {
    byte[] text = "no module".repeat(20).getBytes(StandardCharsets.UTF_8);
    byte[] bits32 = MODULE.clone();
    bits32[4] = 1;

    assertThrows(IllegalArgumentException.class, () -> ModuleInfo.read(text));
    assertThrows(IllegalArgumentException.class, () -> ModuleInfo.read(bits32));
  }

  /** Whatever the bytes: what is read, or one kind of refusal. */
  @FuzzTest(maxDuration = "60s")
  void anyBytesAreReadOrRefused(byte[] bytes) {
    try {
      ModuleInfo info = ModuleInfo.read(bytes);
      assertTrue(info.depends().size() <= bytes.length);
    } catch (IllegalArgumentException e) {
      assertTrue(String.valueOf(e.getMessage()).contains("ELF"), e::getMessage);
    }
  }
}
