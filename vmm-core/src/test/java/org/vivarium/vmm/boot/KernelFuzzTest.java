package org.vivarium.vmm.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.KvmException;
import org.vivarium.vmm.InvalidConfigException;

/**
 * Kernels made by a fuzzer. Without JAZZER_FUZZ=1 the seeds in the resources are replayed.
 *
 * <p>Whatever the bytes are: the loader ends, with an entry state inside what it loaded or with one
 * sentence; it writes only where boot structures, the kernel and the initrd belong; and it reads
 * little of the kernel onto the heap, whatever a number in it says.
 */
class KernelFuzzTest {
  private static final int MIB = 1 << 20;
  private static final long EBDA = 0x9_FC00;

  @FuzzTest(maxDuration = "2m")
  void bzImage(byte[] file) throws KvmException {
    check(file, TestKernels.initrd(10), "quiet");
  }

  @FuzzTest(maxDuration = "2m")
  void elf(byte[] file) throws KvmException {
    check(file, TestKernels.initrd(10), "quiet");
  }

  @FuzzTest(maxDuration = "2m")
  void commandLineAndInitrd(FuzzedDataProvider data) throws KvmException {
    ByteBuffer kernel = data.consumeBoolean() ? TestKernels.bzImage() : TestKernels.elf();
    BootImage initrd = TestKernels.initrd(data.consumeInt(1, 20_000));
    check(kernel.array(), initrd, data.consumeRemainingAsString());
  }

  private static void check(byte[] file, @Nullable BootImage initrd, String line)
      throws KvmException {
    try {
      BootTarget target = TestKernels.target(32);
      try (GuestMemory memory = target.memory()) {
        CountingImage kernel =
            new CountingImage(ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN));
        BootFiles files = new BootFiles(kernel, initrd, line);
        EntryState entry = KernelLoader.load(files, target);
        assertTrue(kernel.heapBytes < 8 * MIB, kernel.heapBytes + " bytes read onto the heap");
        assertTrue(entry.rip() >= MIB && entry.rip() < 32 * MIB, "Entry outside the kernel");
        MemorySegment firmware = memory.slice(EBDA, MIB - EBDA);
        assertEquals(-1, firmware.mismatch(MemorySegment.ofArray(new byte[(int) (MIB - EBDA)])));
      }
    } catch (InvalidConfigException e) {
      String message = Objects.requireNonNull(e.getMessage());
      assertTrue(message.matches("[A-Z][^\\n]*[^.]\\."), message);
    }
  }

  /** A kernel that counts what is read of it onto the heap. */
  private static final class CountingImage implements BootImage {
    private final BootImage image;
    private long heapBytes;

    CountingImage(ByteBuffer bytes) {
      image = TestKernels.kernel(bytes);
    }

    @Override
    public String label() {
      return image.label();
    }

    @Override
    public String path() {
      return image.path();
    }

    @Override
    public long size() {
      return image.size();
    }

    @Override
    public void read(long position, ByteBuffer target) throws InvalidConfigException {
      heapBytes += target.isDirect() ? 0 : target.remaining();
      image.read(position, target);
    }
  }
}
