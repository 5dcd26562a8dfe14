package org.vivarium.app;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.vivarium.images.kernel.UnpackedKernel;

/**
 * A kernel of a few instructions in a bzImage (Linux, Documentation/arch/x86/boot.rst): it reports
 * the stages of a boot, prints a line and powers off, so that a training run walks the path of a
 * whole machine on any /dev/kvm within milliseconds.
 */
final class TrainingKernel {
  private static final int SECTOR = 512;

  /** One setup sector beside the boot sector, then protected-mode code up to its 64-bit entry. */
  private static final int CODE = 2 * SECTOR;

  private static final int ENTRY_64 = CODE + 0x200;
  private static final int SIZE = ENTRY_64 + SECTOR;

  private static final long LOAD_ADDRESS = 0x100_0000;

  /** What Linux is linked for: __START_KERNEL_map, and the address above. */
  private static final long VIRTUAL_ADDRESS = 0xFFFF_FFFF_8000_0000L + LOAD_ADDRESS;

  /**
   * mov al, 0x41; out 0xe9, al; mov dx, 0x3f8; mov al, 10; out dx, al; mov dx, 0x3fd; in al, dx;
   * mov al, 0x42; out 0xe9, al; mov dx, 0x604; mov ax, SLP_EN | S5; out dx, ax; hlt; jmp to it.
   */
  private static final byte[] INSTRUCTIONS = {
    (byte) 0xB0,
    0x41,
    (byte) 0xE6,
    (byte) 0xE9,
    0x66,
    (byte) 0xBA,
    (byte) 0xF8,
    0x03,
    (byte) 0xB0,
    0x0A,
    (byte) 0xEE,
    0x66,
    (byte) 0xBA,
    (byte) 0xFD,
    0x03,
    (byte) 0xEC,
    (byte) 0xB0,
    0x42,
    (byte) 0xE6,
    (byte) 0xE9,
    0x66,
    (byte) 0xBA,
    0x04,
    0x06,
    0x66,
    (byte) 0xB8,
    0x00,
    0x34,
    0x66,
    (byte) 0xEF,
    (byte) 0xF4,
    (byte) 0xEB,
    (byte) 0xFD
  };

  /** Where among them is the byte with SLP_EN and the type of sleep (ACPI 6.4, 4.8.3.2.1). */
  private static final int SLEEP = 27;

  /** What the kernel does at last. */
  enum Ending {
    POWER_OFF,
    /** It waits until somebody turns the machine off. */
    HALT
  }

  private TrainingKernel() {}

  /** Writes the file, and its unpacked form beside it. */
  static void write(Path file, Ending ending) throws IOException {
    ByteBuffer image = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    image.put(0x1F1, (byte) 1); // setup_sects
    image.putInt(0x1F4, (SIZE - CODE) / 16); // syssize
    image.putShort(0x1FE, (short) 0xAA55); // boot_flag
    image.put(0x201, (byte) 0x66); // the jump over the header, which gives the header's end
    image.put(0x202, "HdrS".getBytes(StandardCharsets.US_ASCII));
    image.putShort(0x206, (short) 0x20F); // version
    image.put(0x211, (byte) 1); // loadflags: LOADED_HIGH
    image.putInt(0x22C, 0x7FFF_FFFF); // initrd_addr_max
    image.putInt(0x230, 0x20_0000); // kernel_alignment
    image.put(0x234, (byte) 1); // relocatable_kernel
    image.putShort(0x236, (short) 3); // xloadflags: 64-bit entry, may be loaded above 4 GiB
    image.putInt(0x238, 2047); // cmdline_size
    image.putLong(0x258, LOAD_ADDRESS); // pref_address
    image.putInt(0x260, 0x10_0000); // init_size
    image.put(ENTRY_64, INSTRUCTIONS);
    if (ending == Ending.HALT) {
      image.put(ENTRY_64 + SLEEP, (byte) 0);
    }
    Files.write(file, image.array());
    Files.write(UnpackedKernel.beside(file), unpacked(image).array());
  }

  /** The same instructions, and a word behind them for the guest to move. */
  private static ByteBuffer unpacked(ByteBuffer image) {
    int page = UnpackedKernel.PAGE;
    int word = SECTOR;
    UnpackedKernel kernel =
        new UnpackedKernel(
            LOAD_ADDRESS,
            VIRTUAL_ADDRESS,
            page,
            0,
            List.of(new UnpackedKernel.Run(0, page, SECTOR)),
            new UnpackedKernel.Relocations(page + SECTOR, 1, 0, 0));
    ByteBuffer file =
        ByteBuffer.allocate(page + SECTOR + Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    file.put(kernel.header(image.array()));
    file.put(page, image, ENTRY_64, SECTOR);
    return file.putInt(page + SECTOR, (int) VIRTUAL_ADDRESS + word);
  }
}
