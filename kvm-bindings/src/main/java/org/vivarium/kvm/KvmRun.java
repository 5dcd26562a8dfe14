package org.vivarium.kvm;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.vivarium.kvm.ffi.Linux;

/**
 * The page that the kernel and a virtual processor's thread share: why the guest was left, and the
 * data of the access that has to be answered (KVM API, "The kvm_run structure").
 *
 * <p>Reads and writes plain fields and allocates nothing: it stands on the path of every exit. The
 * page is read once for each exit, whole words at a time, and through a buffer: a machine's first
 * thousand exits come while this still runs in the interpreter, where an access to a segment, which
 * goes through method handles, costs more than all the rest here. Only the processor's own thread
 * uses it, {@link #requestImmediateExit} aside. The kernel writes this page, not the guest; still
 * no field is used as an address here without a bounds check.
 */
public final class KvmRun {
  /** KVM_RUN was interrupted by a signal: there is nothing to answer. */
  public static final int EXIT_INTR = Linux.KVM_EXIT_INTR();

  public static final int EXIT_IO = Linux.KVM_EXIT_IO();
  public static final int EXIT_MMIO = Linux.KVM_EXIT_MMIO();
  public static final int EXIT_HLT = Linux.KVM_EXIT_HLT();
  public static final int EXIT_SHUTDOWN = Linux.KVM_EXIT_SHUTDOWN();
  public static final int EXIT_FAIL_ENTRY = Linux.KVM_EXIT_FAIL_ENTRY();
  public static final int EXIT_INTERNAL_ERROR = Linux.KVM_EXIT_INTERNAL_ERROR();
  public static final int EXIT_SYSTEM_EVENT = Linux.KVM_EXIT_SYSTEM_EVENT();

  private static final byte IO_OUT = (byte) Linux.KVM_EXIT_IO_OUT();

  /** Checks bounds, and that the page is still mapped, as the segment would. */
  private final ByteBuffer page;

  /** EXIT_IO: direction, size, port and count; EXIT_MMIO: the address. */
  private long first;

  /** EXIT_IO: where in the page the data is; EXIT_MMIO: the data. */
  private long second;

  /** EXIT_MMIO: length and direction. */
  private long third;

  KvmRun(MemorySegment page) {
    this.page = page.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Makes the next KVM_RUN return at once, or the present one if a signal reaches its thread. */
  void requestImmediateExit(boolean on) {
    page.put(KvmLayouts.KvmRun.IMMEDIATE_EXIT, (byte) (on ? 1 : 0));
    // What this thread reads next is read after the kernel can see the byte (acknowledgeKick).
    VarHandle.fullFence();
  }

  /**
   * Reads why the guest was left, and what access has to be answered: {@code struct kvm_run} is
   * little-endian, as the processor is.
   *
   * @return a {@code KVM_EXIT_*} number
   */
  int load() {
    int reason = exitReason();
    if (reason == EXIT_IO) {
      first = page.getLong(KvmLayouts.KvmRun.IO_DIRECTION);
      second = page.getLong(KvmLayouts.KvmRun.IO_DATA_OFFSET);
    } else if (reason == EXIT_MMIO) {
      first = page.getLong(KvmLayouts.KvmRun.MMIO_PHYS_ADDR);
      second = page.getLong(KvmLayouts.KvmRun.MMIO_DATA);
      third = page.getLong(KvmLayouts.KvmRun.MMIO_LEN);
    }
    return reason;
  }

  /** Why the guest was left: a {@code KVM_EXIT_*} number. */
  public int exitReason() {
    return page.getInt(KvmLayouts.KvmRun.EXIT_REASON);
  }

  /** EXIT_IO: whether the guest writes (OUT) rather than reads (IN). */
  public boolean ioIsWrite() {
    return (byte) first == IO_OUT;
  }

  /** EXIT_IO: the first port. */
  public int ioPort() {
    return (int) (first >>> 16) & 0xFFFF;
  }

  /** EXIT_IO: bytes of one access: 1, 2 or 4. */
  public int ioSize() {
    return (int) (first >>> 8) & 0xFF;
  }

  /** EXIT_IO: how many accesses a string instruction makes to the same port, else 1. */
  public int ioCount() {
    return (int) (first >>> 32);
  }

  /**
   * EXIT_IO: the value that the guest writes.
   *
   * @param index number of the access, 0 to {@link #ioCount()} - 1
   */
  public long ioValue(int index) {
    return get(ioOffset(index), ioSize());
  }

  /** EXIT_IO: answers a read. */
  public void setIoValue(int index, long value) {
    set(ioOffset(index), ioSize(), value);
  }

  private int ioOffset(int index) {
    return (int) second + index * ioSize();
  }

  /** EXIT_MMIO: guest physical address of the access. */
  public long mmioAddress() {
    return first;
  }

  /** EXIT_MMIO: bytes, 1 to 8; the parts of an access that crosses a page may be odd. */
  public int mmioLength() {
    return (int) third;
  }

  /** EXIT_MMIO: whether the guest writes. */
  public boolean mmioIsWrite() {
    return (third & 0xFF_0000_0000L) != 0;
  }

  /**
   * EXIT_MMIO: {@code size} bytes of what the guest writes, from byte {@code offset} on.
   *
   * @param size 1, 2, 4 or 8
   */
  public long mmioValue(int offset, int size) {
    long value = second >>> (8 * offset);
    return size == 8 ? value : value & ((1L << (8 * size)) - 1);
  }

  /** EXIT_MMIO: answers {@code size} bytes of a read, from byte {@code offset} on. */
  public void setMmioValue(int offset, int size, long value) {
    set(KvmLayouts.KvmRun.MMIO_DATA + offset, size, value);
  }

  /** EXIT_SYSTEM_EVENT: a {@code KVM_SYSTEM_EVENT_*} number. */
  public int systemEventType() {
    return page.getInt(KvmLayouts.KvmRun.SYSTEM_EVENT_TYPE);
  }

  /** EXIT_INTERNAL_ERROR: a {@code KVM_INTERNAL_ERROR_*} number. */
  public int internalError() {
    return page.getInt(KvmLayouts.KvmRun.INTERNAL_SUBERROR);
  }

  /** EXIT_FAIL_ENTRY: the processor's own reason (VMX exit qualification or SVM exit code). */
  public long failEntryReason() {
    return page.getLong(KvmLayouts.KvmRun.FAIL_ENTRY_HARDWARE_ENTRY_FAILURE_REASON);
  }

  private long get(int offset, int size) {
    return switch (size) {
      case 1 -> page.get(offset) & 0xFFL;
      case 2 -> page.getShort(offset) & 0xFFFFL;
      case 4 -> page.getInt(offset) & 0xFFFF_FFFFL;
      default -> page.getLong(offset);
    };
  }

  private void set(int offset, int size, long value) {
    switch (size) {
      case 1 -> page.put(offset, (byte) value);
      case 2 -> page.putShort(offset, (short) value);
      case 4 -> page.putInt(offset, (int) value);
      default -> page.putLong(offset, value);
    }
  }
}
