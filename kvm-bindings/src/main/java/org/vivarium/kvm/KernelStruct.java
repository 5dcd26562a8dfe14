package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A structure of the kernel, or a table of them, in memory outside the heap; {@link KvmLayouts} and
 * {@link LinuxLayouts} say where its members are.
 *
 * <p>Members are read and written through a buffer, which costs a start, most of which the JVM
 * interprets, far less than a segment's method handles do. One thread at a time.
 */
final class KernelStruct {
  private final ByteBuffer members;
  private final long address;

  /**
   * Makes one of zeros.
   *
   * @param arena holds the memory
   * @param size bytes, from 1 up
   */
  KernelStruct(Arena arena, int size) {
    this(arena.allocate(size, Long.BYTES));
  }

  /**
   * @param segment memory that the kernel has put there, less than 2 GiB
   */
  KernelStruct(MemorySegment segment) {
    address = segment.address();
    members = segment.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A class of its own: few starts need it. */
  private static final class Ordered {
    static final VarHandle INT =
        MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  }

  /** Bytes that it has. */
  int size() {
    return members.capacity();
  }

  /** Where it begins, for a system call; the caller keeps this object until that returns. */
  long address() {
    return address;
  }

  byte getByte(int offset) {
    return members.get(offset);
  }

  short getShort(int offset) {
    return members.getShort(offset);
  }

  int getInt(int offset) {
    return members.getInt(offset);
  }

  long getLong(int offset) {
    return members.getLong(offset);
  }

  /** Reads with acquire order: what the kernel wrote before it is seen after. */
  int getIntAcquire(int offset) {
    return (int) Ordered.INT.getAcquire(members, offset);
  }

  KernelStruct putByte(int offset, int value) {
    members.put(offset, (byte) value);
    return this;
  }

  KernelStruct putShort(int offset, int value) {
    members.putShort(offset, (short) value);
    return this;
  }

  KernelStruct putInt(int offset, int value) {
    members.putInt(offset, value);
    return this;
  }

  KernelStruct putLong(int offset, long value) {
    members.putLong(offset, value);
    return this;
  }

  /** Writes with release order: what was written before is seen by the kernel with it. */
  void putIntRelease(int offset, int value) {
    Ordered.INT.setRelease(members, offset, value);
  }

  KernelStruct putBytes(int offset, byte[] value) {
    members.put(offset, value);
    return this;
  }

  /** Copies all members of another structure of the same size. */
  KernelStruct copyFrom(KernelStruct other) {
    members.put(0, other.members, 0, members.capacity());
    return this;
  }
}
