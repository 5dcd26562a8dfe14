package org.vivarium.images.kernel;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.vivarium.images.ImageException;
import org.vivarium.images.kernel.UnpackedKernel.Relocations;
import org.vivarium.images.kernel.UnpackedKernel.Run;

/**
 * Takes a kernel out of its bzImage and lays it out for {@link UnpackedKernel}. Used once. The
 * bzImage is untrusted.
 */
public final class KernelUnpacker {
  private static final int PROGRAM_HEADER = 56;
  private static final int PT_LOAD = 1;

  /** A run ends where this much is zero: to copy less costs more than to begin another run. */
  private static final int GAP = 64 << 10;

  private final byte[] bzImage;
  private final byte[] bytes;
  private final ByteBuffer elf;
  private final List<Run> runs = new ArrayList<>();
  private long physicalBase = Long.MAX_VALUE;
  private long virtualBase;
  private long end;

  private KernelUnpacker(byte[] bzImage, byte[] bytes) {
    this.bzImage = bzImage;
    this.bytes = bytes;
    this.elf = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Writes the unpacked form of a kernel, and waits until it is on the disk.
   *
   * @param target a file that is not there
   * @throws ImageException if the kernel is damaged, or is none that can be moved by relocations;
   *     nothing is written then
   */
  public static void write(byte[] bzImage, Path target) throws ImageException, IOException {
    KernelUnpacker unpacker = new KernelUnpacker(bzImage, KernelPayload.vmlinux(bzImage));
    try {
      unpacker.writeTo(target);
    } catch (IndexOutOfBoundsException | IllegalArgumentException | ArithmeticException e) {
      throw new ImageException("The kernel is damaged: its ELF headers name what it lacks.", e);
    }
  }

  private void writeTo(Path target) throws ImageException, IOException {
    if (bzImage.length < UnpackedKernel.START_BYTES) {
      throw new ImageException("The kernel is cut short.");
    }
    long tail = findParts();
    Lists lists = Lists.of(elf, Math.toIntExact(tail));
    long size = end - physicalBase;
    for (int i = 0; i < lists.addresses().limit(); i++) {
      long offset = lists.addresses().get(i) - virtualBase;
      if (offset < 0 || offset > size - Long.BYTES) {
        throw new ImageException("The kernel is damaged: a relocation lies outside it.");
      }
    }
    List<Run> placed = new ArrayList<>();
    long position = UnpackedKernel.PAGE;
    for (Run run : runs) {
      placed.add(new Run(run.offset(), position, run.length()));
      position += up(run.length());
    }
    long entry = elf.getLong(24) - physicalBase;
    UnpackedKernel kernel =
        new UnpackedKernel(physicalBase, virtualBase, size, entry, placed, lists.at(position));
    ByteBuffer header = kernel.header(bzImage);
    if (UnpackedKernel.read(header, position + lists.packed().limit()) == null) {
      throw new ImageException("The kernel is damaged: it is entered outside itself.");
    }
    try (FileChannel channel =
        FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      writeAll(channel, header);
      for (Run run : runs) {
        writeAll(channel, elf.slice((int) run.position(), (int) run.length()));
        long padding = up(run.length()) - run.length();
        writeAll(channel, ByteBuffer.allocate((int) padding));
      }
      writeAll(channel, lists.packed());
      channel.force(true);
    }
  }

  /** Finds what is loaded, and returns where the ELF file ends and relocations begin. */
  private long findParts() throws ImageException {
    List<ByteBuffer> loaded = new ArrayList<>();
    int table = Math.toIntExact(elf.getLong(32));
    int count = Short.toUnsignedInt(elf.getShort(56));
    for (int i = 0; i < count; i++) {
      ByteBuffer part = elf.slice(table + i * PROGRAM_HEADER, PROGRAM_HEADER);
      part.order(ByteOrder.LITTLE_ENDIAN);
      if (part.getInt(0) == PT_LOAD) {
        loaded.add(part);
        long physical = part.getLong(24);
        if (physical < physicalBase) {
          physicalBase = physical;
          virtualBase = part.getLong(16);
        }
        end = Math.max(end, physical + part.getLong(40));
      }
    }
    if (physicalBase < 0 || end < physicalBase || end - physicalBase > UnpackedKernel.MOST_SIZE) {
      throw new ImageException("The kernel is damaged: it has no size that a kernel has.");
    }
    for (ByteBuffer part : loaded) {
      addRuns(part.getLong(24) - physicalBase, part.getLong(8), part.getLong(32));
    }
    int sections = Short.toUnsignedInt(elf.getShort(60)) * Short.toUnsignedInt(elf.getShort(58));
    return elf.getLong(40) + sections;
  }

  /** Adds what is not zero of a segment, in whole pages where it goes on. */
  private void addRuns(long offset, long position, long length) {
    if (length < 0 || length > end - physicalBase - offset) {
      throw new IndexOutOfBoundsException("A segment of the kernel ends beyond it");
    }
    int from = Math.toIntExact(position);
    int to = Math.toIntExact(position + length);
    int start = -1;
    int last = from;
    for (int at = from; at < to; at += UnpackedKernel.PAGE) {
      int next = Math.min(to, at + UnpackedKernel.PAGE);
      if (!isZero(at, next)) {
        if (start >= 0 && at - last >= GAP) {
          runs.add(new Run(offset + start - from, start, last - start));
          start = at;
        }
        start = start < 0 ? at : start;
        last = next;
      }
    }
    if (start >= 0) {
      runs.add(new Run(offset + start - from, start, last - start));
    }
  }

  private boolean isZero(int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private static long up(long length) {
    return (length + UnpackedKernel.PAGE - 1) & -UnpackedKernel.PAGE;
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /**
   * The relocations behind the ELF file (arch/x86/tools/relocs.c, emit_relocs): a zero before each
   * list, that of 64-bit words first, that of 32-bit words last. Kernels before 6.15 have one of
   * inverse 32-bit words between.
   *
   * @param addresses of all lists, without the zeros, sign-extended
   * @param packed the same, 32 bits each
   */
  private record Lists(
      LongBuffer addresses, ByteBuffer packed, int words64, int inverse32, int words32) {
    static Lists of(ByteBuffer elf, int position) throws ImageException {
      int count = (elf.limit() - position) / Integer.BYTES;
      if (count == 0 || (elf.limit() - position) % Integer.BYTES != 0) {
        throw new ImageException("The kernel has no relocations, so that it cannot be moved.");
      }
      LongBuffer addresses = LongBuffer.allocate(count);
      ByteBuffer packed = ByteBuffer.allocate(count * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      List<Integer> starts = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int word = elf.getInt(position + i * Integer.BYTES);
        if (word == 0) {
          starts.add(addresses.position());
        } else if (starts.isEmpty()) {
          throw new ImageException("The kernel's relocations begin without a zero.");
        } else {
          addresses.put(word);
          packed.putInt(word);
        }
      }
      if (starts.size() < 2 || starts.size() > 3) {
        throw new ImageException(
            "The kernel has %d lists of relocations, not 2 or 3.".formatted(starts.size()));
      }
      int all = addresses.position();
      int last = starts.getLast();
      int words64 = starts.get(1);
      return new Lists(addresses.flip(), packed.flip(), words64, last - words64, all - last);
    }

    Relocations at(long position) {
      return new Relocations(position, words64, inverse32, words32);
    }
  }
}
