package org.vivarium.vmm.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.vivarium.images.kernel.UnpackedKernel.Relocations;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.vmm.arch.X86Layout;

/**
 * The instructions that add the distance of a virtual move to every address in a kernel, as its own
 * decompressor does (Linux, arch/x86/boot/compressed/misc.c, handle_relocations), and then enter
 * it. The guest runs them: it is some hundred thousand words, in the guest's own memory.
 *
 * <p>In 64-bit mode with the identity map. RSI, which points to struct boot_params, is left alone;
 * RAX, RBX, RCX, RDX and RDI are used.
 */
final class Relocator {
  private static final byte[] MOV_RBX = bytes(0x48, 0xBB);
  private static final byte[] MOV_RDX = bytes(0x48, 0xBA);
  private static final byte[] MOV_RAX = bytes(0x48, 0xB8);
  private static final byte[] JMP_RAX = bytes(0xFF, 0xE0);
  private static final byte MOV_EDI = (byte) 0xBF;
  private static final byte MOV_ECX = (byte) 0xB9;
  private static final byte JRCXZ = (byte) 0xE3;
  private static final byte JNZ = 0x75;

  /** movslq (%rbx), %rax; add $4, %rbx. */
  private static final byte[] NEXT_ADDRESS = bytes(0x48, 0x63, 0x03, 0x48, 0x83, 0xC3, 0x04);

  /** add %rdi, (%rax,%rdx). */
  private static final byte[] ADD_64 = bytes(0x48, 0x01, 0x3C, 0x10);

  /** sub %edi, (%rax,%rdx). */
  private static final byte[] SUBTRACT_32 = bytes(0x29, 0x3C, 0x10);

  /** add %edi, (%rax,%rdx). */
  private static final byte[] ADD_32 = bytes(0x01, 0x3C, 0x10);

  /** dec %rcx. */
  private static final byte[] COUNT = bytes(0x48, 0xFF, 0xC9);

  private static final int MOST_BYTES = 128;

  private Relocator() {}

  /**
   * Writes them at {@link X86Layout#RELOCATOR}.
   *
   * @param lists of addresses of words
   * @param table where these stand, a guest physical address
   * @param base what turns a virtual address before the move into a guest physical one
   * @param distance of the move, bytes, above 0
   * @param entry the kernel's first instruction, a guest physical address
   */
  static void write(
      GuestMemory memory, Relocations lists, long table, long base, int distance, long entry) {
    ByteBuffer code = ByteBuffer.allocate(MOST_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    code.put(MOV_RBX).putLong(table);
    code.put(MOV_RDX).putLong(base);
    code.put(MOV_EDI).putInt(distance);
    eachWord(code, lists.words64(), ADD_64);
    eachWord(code, lists.inverse32(), SUBTRACT_32);
    eachWord(code, lists.words32(), ADD_32);
    code.put(MOV_RAX).putLong(entry);
    code.put(JMP_RAX);
    memory.write(X86Layout.RELOCATOR, code.array(), 0, code.position());
  }

  private static void eachWord(ByteBuffer code, int count, byte[] change) {
    int loop = NEXT_ADDRESS.length + change.length + COUNT.length + 2;
    code.put(MOV_ECX).putInt(count);
    code.put(JRCXZ).put((byte) loop);
    code.put(NEXT_ADDRESS).put(change).put(COUNT);
    code.put(JNZ).put((byte) -loop);
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
