package org.vivarium.vmm.boot;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.function.Executable;
import org.vivarium.images.kernel.UnpackedKernel;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.KvmException;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.arch.MemoryMap;

/** Tiny kernels made by hand, whole and valid; tests damage them field by field. */
public final class TestKernels {
  static final long MIB = 1L << 20;
  static final long LOAD_ADDRESS = 0x100_0000;
  static final long VIRTUAL_ADDRESS = 0xFFFF_FFFF_8100_0000L;
  static final int UNPACKED_WORDS = 0x2_0000;
  static final int UNPACKED_SIZE = 0x3_0000;
  static final int SETUP_SIZE = 2 * 512;
  static final int CODE_SIZE = 0x400;
  static final int ELF_SEGMENT = 0x200;
  static final int ELF_SEGMENT_FILE_SIZE = 0x80;
  static final int ELF_SEGMENT_MEMORY_SIZE = 0x3000;
  static final int ELF_NOTE = 0x100;

  private TestKernels() {}

  /** A bzImage of two sectors of setup and 1 KiB of code. */
  public static ByteBuffer bzImage() {
    ByteBuffer image = littleEndian(SETUP_SIZE + CODE_SIZE);
    image.put(0x1F1, (byte) 1);
    image.putInt(0x1F4, CODE_SIZE / 16);
    image.putShort(0x1FE, (short) 0xAA55);
    image.putShort(0x200, (short) 0x6AEB);
    image.put(0x202, "HdrS".getBytes(StandardCharsets.US_ASCII));
    image.putShort(0x206, (short) 0x20F);
    image.put(0x211, (byte) 1);
    image.putInt(0x22C, 0x7FFF_FFFF);
    image.putInt(0x230, 0x20_0000);
    image.put(0x234, (byte) 1);
    image.putShort(0x236, (short) 0x3F);
    image.putInt(0x238, 2047);
    image.putInt(0x248, 0x300);
    image.putInt(0x24C, 0x80);
    image.putLong(0x258, LOAD_ADDRESS);
    image.putInt(0x260, 0x20_0000);
    for (int i = 0; i < CODE_SIZE; i++) {
      image.put(SETUP_SIZE + i, (byte) (i * 31));
    }
    return image;
  }

  /**
   * The unpacked form of a bzImage: {@code code} at its start, a page of it, then 31 pages of zeros
   * and a page of words to be moved: of 64 bits at 0x20000, 32 bits to be moved inversely at
   * 0x20008, and 32 bits at 0x2000C.
   *
   * @param words those three, of which the lower 32 bits of the last two count
   */
  public static ByteBuffer unpacked(ByteBuffer bzImage, byte[] code, long... words) {
    int page = UnpackedKernel.PAGE;
    int at = UNPACKED_WORDS;
    UnpackedKernel kernel =
        new UnpackedKernel(
            LOAD_ADDRESS,
            VIRTUAL_ADDRESS,
            UNPACKED_SIZE,
            0x10,
            List.of(
                new UnpackedKernel.Run(0, page, page), new UnpackedKernel.Run(at, 2L * page, page)),
            new UnpackedKernel.Relocations(3L * page, 1, 1, 1));
    ByteBuffer file = littleEndian(3 * page + 12);
    file.put(0, kernel.header(bzImage.array()), 0, page);
    file.put(page + 0x10, code);
    file.putLong(2 * page, words[0]);
    file.putInt(2 * page + 8, (int) words[1]);
    file.putInt(2 * page + 12, (int) words[2]);
    file.putInt(3 * page, (int) VIRTUAL_ADDRESS + at);
    file.putInt(3 * page + 4, (int) VIRTUAL_ADDRESS + at + 8);
    return file.putInt(3 * page + 8, (int) VIRTUAL_ADDRESS + at + 12);
  }

  /** An ELF kernel of one segment with a PVH note. */
  static ByteBuffer elf() {
    ByteBuffer image = littleEndian(ELF_SEGMENT + ELF_SEGMENT_FILE_SIZE);
    image.put(0, new byte[] {0x7F, 'E', 'L', 'F', 2, 1, 1});
    image.putShort(16, (short) 2);
    image.putShort(18, (short) 62);
    image.putInt(20, 1);
    image.putLong(32, 64);
    image.putShort(52, (short) 64);
    image.putShort(54, (short) 56);
    image.putShort(56, (short) 2);
    programHeader(image, 0, 1, ELF_SEGMENT, LOAD_ADDRESS);
    image.putLong(64 + 32, ELF_SEGMENT_FILE_SIZE);
    image.putLong(64 + 40, ELF_SEGMENT_MEMORY_SIZE);
    programHeader(image, 1, 4, ELF_NOTE, 0);
    image.putLong(64 + 56 + 32, 24);
    image.putLong(64 + 56 + 40, 24);
    pvhNote(image, ELF_NOTE, LOAD_ADDRESS + 0x10);
    for (int i = 0; i < ELF_SEGMENT_FILE_SIZE; i++) {
      image.put(ELF_SEGMENT + i, (byte) (i * 17 + 1));
    }
    return image;
  }

  /**
   * An ELF kernel that runs {@code code}: 32-bit protected mode without paging, flat segments.
   *
   * @param code at most 100 bytes of instructions
   */
  public static ByteBuffer elf(byte... code) {
    return elf().put(ELF_SEGMENT + 0x10, code);
  }

  private static void programHeader(
      ByteBuffer image, int index, int type, long position, long address) {
    int at = 64 + index * 56;
    image.putInt(at, type);
    image.putLong(at + 8, position);
    image.putLong(at + 16, address);
    image.putLong(at + 24, address);
    image.putLong(at + 48, 4);
  }

  private static void pvhNote(ByteBuffer image, int at, long entry) {
    image.putInt(at, 4);
    image.putInt(at + 4, 8);
    image.putInt(at + 8, 18);
    image.put(at + 12, new byte[] {'X', 'e', 'n', 0});
    image.putLong(at + 16, entry);
  }

  static ByteBuffer littleEndian(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  static BootImage kernel(ByteBuffer bytes) {
    return new HeapImage("Kernel", "/k", bytes);
  }

  static BootImage initrd(int size) {
    ByteBuffer bytes = littleEndian(size);
    for (int i = 0; i < size; i++) {
      bytes.put(i, (byte) (i + 3));
    }
    return new HeapImage("Initrd", "/i", bytes);
  }

  static BootTarget target(long mebibytes) throws InvalidConfigException, KvmException {
    MemoryMap map = MemoryMap.of(mebibytes * MIB, 40);
    GuestMemory memory = GuestMemory.allocate(map.ramRanges(), GuestMemory.Backing.ANONYMOUS);
    return new BootTarget(memory, map);
  }

  /** The message of the refusal that {@code action} ends in. */
  static String refusal(Executable action) {
    return Objects.requireNonNull(assertThrows(InvalidConfigException.class, action).getMessage());
  }

  /** Loads into a machine of 32 MiB and gives its memory back. */
  static EntryState load(ByteBuffer kernel, @Nullable BootImage initrd, String commandLine)
      throws InvalidConfigException, KvmException {
    BootTarget target = target(32);
    try (GuestMemory _ = target.memory()) {
      return KernelLoader.load(new BootFiles(kernel(kernel), initrd, commandLine), target);
    }
  }
}
