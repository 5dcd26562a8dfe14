package org.vivarium.vmm.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.kernel.UnpackedKernel;
import org.vivarium.vmm.boot.TestKernels;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.engine.Outcome;
import org.vivarium.vmm.engine.VirtualMachine;
import org.vivarium.vmm.engine.qemu.TestListener;

/** A guest moves the addresses of an unpacked kernel before it enters it: on any /dev/kvm. */
@Tag("kvm")
class RelocatorTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long MIB = 1 << 20;

  /**
   * mov dx, 0x3f8; lea rsi, [words]; mov ecx, 16; cld; rep outsb, which says the three words; then
   * mov dx, 0x604; mov ax, 0x3400; out dx, ax: the machine is off; jmp to it.
   */
  private static final int[] SAY_WORDS = {
    0x66, 0xBA, 0xF8, 0x03, 0x48, 0x8D, 0x35, 0, 0, 0, 0, 0xB9, 16, 0, 0, 0, 0xFC, 0xF3, 0x6E, 0x66,
    0xBA, 0x04, 0x06, 0x66, 0xB8, 0x00, 0x34, 0x66, 0xEF, 0xEB, 0xFE
  };

  /** Where the distance to the words stands in it, and what it counts from. */
  private static final int DISTANCE = 7;

  @TempDir private Path folder;

  private static byte[] code() {
    ByteBuffer code = ByteBuffer.allocate(SAY_WORDS.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int word : SAY_WORDS) {
      code.put((byte) word);
    }
    return code.putInt(DISTANCE, 0x2_0000 - 0x10 - DISTANCE - 4).array();
  }

  private ByteBuffer words(Path kernel, String line) throws Exception {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    MachineConfig config =
        MachineConfig.of("micro", 1, 32 * MIB, new BootSource(kernel, null, line));
    try (VirtualMachine machine = new KvmEngine().create(config, said::write, new TestListener())) {
      machine.start();
      assertInstanceOf(Outcome.PoweredOff.class, machine.await(PATIENCE).orElse(null));
    }
    assertEquals(16, said.size());
    return ByteBuffer.wrap(said.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void wordsOfEachKindAreMovedByTheSameRandomDistance() throws Exception {
    Path kernel = folder.resolve("vmlinuz");
    ByteBuffer image = TestKernels.bzImage();
    Files.write(kernel, image.array());
    Files.write(
        UnpackedKernel.beside(kernel),
        TestKernels.unpacked(image, code(), 0xFFFF_FFFF_8123_4567L, 0x7000_0000, 0x8123_0000L)
            .array());
    Set<Long> distances = new HashSet<>();

    for (int i = 0; i < 4; i++) {
      ByteBuffer words = words(kernel, "");
      long distance = words.getLong(0) - 0xFFFF_FFFF_8123_4567L;
      assertEquals(0, distance % (2 * MIB));
      assertTrue(distance >= 0 && distance < 1 << 30, Long.toHexString(distance));
      assertEquals((int) (0x7000_0000 - distance), words.getInt(8));
      assertEquals((int) (0x8123_0000L + distance), words.getInt(12));
      distances.add(distance);
    }
    assertTrue(distances.size() > 1, "Four starts had the same addresses");
    assertEquals(0xFFFF_FFFF_8123_4567L, words(kernel, "nokaslr").getLong(0));
  }
}
