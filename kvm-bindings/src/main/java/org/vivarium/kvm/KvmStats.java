package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import org.vivarium.kvm.ffi.Linux;
import org.vivarium.kvm.ffi.kvm_stats_desc;
import org.vivarium.kvm.ffi.kvm_stats_header;

/**
 * The kernel's own counters of a virtual machine or processor: exits by reason and more (KVM API,
 * KVM_GET_STATS_FD, Linux 5.14).
 */
public final class KvmStats extends FileDescriptor {
  private static final int MAX_DESCRIPTORS = 1024;

  private record Counter(String name, long offset, int values) {}

  private final Counter[] counters;

  private KvmStats(int fd, Counter[] counters) {
    super(fd);
    this.counters = counters;
  }

  static KvmStats open(int owner, String what) throws KvmException {
    String operation = "read the statistics of " + what;
    int fd =
        (int) KvmException.check(NativeCalls.ioctl(owner, Linux.KVM_GET_STATS_FD(), 0), operation);
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment header = read(scratch, fd, 0, kvm_stats_header.sizeof(), operation);
      int count = kvm_stats_header.num_desc(header);
      int nameSize = kvm_stats_header.name_size(header);
      if (count < 0 || count > MAX_DESCRIPTORS || nameSize < 1 || nameSize > 256) {
        throw new KvmException(operation, Errno.EINVAL);
      }
      long stride = kvm_stats_desc.sizeof() + nameSize;
      long data = Integer.toUnsignedLong(kvm_stats_header.data_offset(header));
      MemorySegment table =
          read(scratch, fd, kvm_stats_header.desc_offset(header), count * stride, operation);
      Counter[] counters = new Counter[count];
      for (int i = 0; i < count; i++) {
        MemorySegment descriptor = table.asSlice(i * stride, stride);
        counters[i] =
            new Counter(
                descriptor.getString(kvm_stats_desc.sizeof()),
                data + Integer.toUnsignedLong(kvm_stats_desc.offset(descriptor)),
                Math.min(64, kvm_stats_desc.size(descriptor) & 0xFFFF));
      }
      return new KvmStats(fd, counters);
    } catch (KvmException e) {
      NativeCalls.call(Linux.SYS_close(), fd);
      throw e;
    }
  }

  /**
   * All counters now, by the kernel's names; one with several values (a histogram) as their sum.
   */
  public Map<String, Long> read() throws KvmException {
    Map<String, Long> values = new LinkedHashMap<>();
    try (Arena scratch = Arena.ofConfined()) {
      for (Counter counter : counters) {
        MemorySegment data =
            read(scratch, fd(), counter.offset(), 8L * counter.values(), "read statistics");
        long sum = 0;
        for (int i = 0; i < counter.values(); i++) {
          sum += data.getAtIndex(ValueLayout.JAVA_LONG, i);
        }
        values.put(counter.name(), sum);
      }
    }
    return values;
  }

  private static MemorySegment read(Arena arena, int fd, long offset, long length, String operation)
      throws KvmException {
    MemorySegment buffer = arena.allocate(Math.max(8, length), 8);
    // SAFETY: buffer holds length bytes.
    long n = NativeCalls.call(Linux.SYS_pread64(), fd, buffer.address(), length, offset);
    if (KvmException.check(n, operation) != length) {
      throw new KvmException(operation, Errno.EIO);
    }
    return buffer;
  }
}
