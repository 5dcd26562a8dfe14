package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.util.List;
import org.vivarium.kvm.ffi.Linux;

/** What an io_uring is told before it is enabled (io_uring_register(2)): all that it may do. */
final class IoUringLimits {
  /** Most threads that the kernel starts for requests that would block it. */
  private static final int KERNEL_WORKERS = 8;

  private final int fd;

  private IoUringLimits(int fd) {
    this.fd = fd;
  }

  /** Gives a new ring its files, restricts it to them and enables it. */
  static void apply(int fd, List<NativeFile> files) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      new IoUringLimits(fd).register(scratch, files);
    }
  }

  private void register(Arena scratch, List<NativeFile> files) throws KvmException {
    KernelStruct fds = new KernelStruct(scratch, Integer.BYTES * files.size());
    for (int i = 0; i < files.size(); i++) {
      fds.putInt(Integer.BYTES * i, files.get(i).fd());
    }
    KvmException.check(
        register(Linux.IORING_REGISTER_FILES(), fds.address(), files.size()),
        "register files with an io_uring");
    KernelStruct limits = new KernelStruct(scratch, 2 * Integer.BYTES);
    limits.putInt(0, KERNEL_WORKERS).putInt(Integer.BYTES, KERNEL_WORKERS);
    long limited = register(Linux.IORING_REGISTER_IOWQ_MAX_WORKERS(), limits.address(), 2);
    if (limited < 0 && limited != -Errno.EINVAL) {
      // EINVAL: a kernel before 5.15, which has its own limit by the number of processors.
      throw new KvmException("limit the workers of an io_uring", (int) -limited);
    }
    restrict(scratch);
    KvmException.check(register(Linux.IORING_REGISTER_ENABLE_RINGS(), 0, 0), "enable an io_uring");
  }

  /**
   * From now on the kernel takes reads and writes of the registered files from it, nothing else.
   */
  private void restrict(Arena scratch) throws KvmException {
    int[] operations = {
      Linux.IORING_OP_READ(),
      Linux.IORING_OP_READV(),
      Linux.IORING_OP_WRITE(),
      Linux.IORING_OP_WRITEV()
    };
    int count = operations.length + 1;
    int stride = LinuxLayouts.IoUringRestriction.SIZE;
    KernelStruct all = new KernelStruct(scratch, count * stride);
    int opcode = LinuxLayouts.IoUringRestriction.OPCODE;
    int at = 0;
    for (int operation : operations) {
      all.putShort(at + opcode, Linux.IORING_RESTRICTION_SQE_OP());
      all.putByte(at + LinuxLayouts.IoUringRestriction.SQE_OP, operation);
      at += stride;
    }
    all.putShort(at + opcode, Linux.IORING_RESTRICTION_SQE_FLAGS_REQUIRED());
    all.putByte(at + LinuxLayouts.IoUringRestriction.SQE_FLAGS, 1 << Linux.IOSQE_FIXED_FILE_BIT());
    KvmException.check(
        register(Linux.IORING_REGISTER_RESTRICTIONS(), all.address(), count),
        "restrict an io_uring");
  }

  private long register(int what, long argument, int count) {
    // SAFETY: argument is the address of count elements of the kind that the kernel expects, which
    // live until the call returns.
    return NativeCalls.call(Linux.SYS_io_uring_register(), fd, what, argument, count);
  }
}
