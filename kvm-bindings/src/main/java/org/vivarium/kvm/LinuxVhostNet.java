package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.ffi.Linux;
import org.vivarium.kvm.ffi.vhost_memory;
import org.vivarium.kvm.ffi.vhost_memory_region;
import org.vivarium.kvm.ffi.vhost_vring_addr;
import org.vivarium.kvm.ffi.vhost_vring_file;
import org.vivarium.kvm.ffi.vhost_vring_state;

/** {@code /dev/vhost-net} (linux/vhost.h). */
final class LinuxVhostNet extends FileDescriptor implements VhostNet {
  private static final Path DEVICE = Path.of("/dev/vhost-net");

  private static final int NO_BACKEND = -1;

  // Split virtqueues (VIRTIO 1.2, 2.7): bytes of an element, and of flags, index and event.
  private static final long DESCRIPTOR = 16;
  private static final long AVAILABLE_ELEMENT = 2;
  private static final long USED_ELEMENT = 8;
  private static final long RING_EXTRA = 6;

  private final GuestMemory memory;

  private LinuxVhostNet(int fd, GuestMemory memory) {
    super(fd);
    this.memory = memory;
  }

  static VhostNet open(GuestMemory memory) throws KvmException {
    // To read: threads that serve devices may open nothing to write (ThreadFilter), and requests
    // need no more.
    long fd = NativeCalls.open(DEVICE, Linux.O_RDONLY() | Linux.O_CLOEXEC());
    LinuxVhostNet vhost = new LinuxVhostNet((int) KvmException.check(fd, "open " + DEVICE), memory);
    try {
      vhost.ioctl(Linux.VHOST_SET_OWNER(), 0, "begin with");
      vhost.shareMemory();
      return vhost;
    } catch (KvmException e) {
      vhost.close();
      throw e;
    }
  }

  private long ioctl(long request, long argument, String verb) throws KvmException {
    return KvmException.check(NativeCalls.ioctl(fd(), request, argument), verb + " " + DEVICE);
  }

  private void shareMemory() throws KvmException {
    List<GuestMemoryRegion> regions = memory.regions();
    try (Arena scratch = Arena.ofConfined()) {
      long header = vhost_memory.sizeof();
      long stride = vhost_memory_region.sizeof();
      MemorySegment table = scratch.allocate(header + stride * regions.size(), Long.BYTES);
      vhost_memory.nregions(table, regions.size());
      for (int i = 0; i < regions.size(); i++) {
        MemorySegment region = table.asSlice(header + stride * i, stride);
        vhost_memory_region.guest_phys_addr(region, regions.get(i).gpa());
        vhost_memory_region.memory_size(region, regions.get(i).size());
        vhost_memory_region.userspace_addr(region, regions.get(i).hva());
      }
      // SAFETY: table has as many regions as it says and lives until the call returns; the kernel
      // checks each address when it uses it, as a system call of this process would.
      ioctl(Linux.VHOST_SET_MEM_TABLE(), table.address(), "give guest memory to");
    }
  }

  @Override
  public long features() throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment bits = scratch.allocate(ValueLayout.JAVA_LONG);
      // SAFETY: 64 bits that live until the call returns.
      ioctl(Linux.VHOST_GET_FEATURES(), bits.address(), "ask for the features of");
      return bits.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  @Override
  public void setFeatures(long features) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment bits = scratch.allocateFrom(ValueLayout.JAVA_LONG, features);
      // SAFETY: 64 bits that live until the call returns.
      ioctl(Linux.VHOST_SET_FEATURES(), bits.address(), "set the features of");
    }
  }

  @Override
  public void setRing(int queue, Ring ring) throws KvmException {
    long size = ring.size();
    try (Arena scratch = Arena.ofConfined()) {
      setState(scratch, Linux.VHOST_SET_VRING_NUM(), queue, ring.size());
      setState(scratch, Linux.VHOST_SET_VRING_BASE(), queue, ring.next());
      MemorySegment addresses = vhost_vring_addr.allocate(scratch);
      vhost_vring_addr.index(addresses, queue);
      vhost_vring_addr.flags(addresses, 0);
      vhost_vring_addr.desc_user_addr(addresses, memory.hva(ring.descriptors(), DESCRIPTOR * size));
      vhost_vring_addr.avail_user_addr(
          addresses, memory.hva(ring.available(), RING_EXTRA + AVAILABLE_ELEMENT * size));
      vhost_vring_addr.used_user_addr(
          addresses, memory.hva(ring.used(), RING_EXTRA + USED_ELEMENT * size));
      vhost_vring_addr.log_guest_addr(addresses, 0);
      // SAFETY: a whole struct vhost_vring_addr that lives until the call returns; each part of the
      // ring lies in guest memory, which stays mapped until this object is closed.
      ioctl(Linux.VHOST_SET_VRING_ADDR(), addresses.address(), "give a queue to");
    }
  }

  private MemorySegment setState(Arena scratch, long request, int queue, int number)
      throws KvmException {
    MemorySegment state = vhost_vring_state.allocate(scratch);
    vhost_vring_state.index(state, queue);
    vhost_vring_state.num(state, number);
    // SAFETY: a whole struct vhost_vring_state that lives until the call returns.
    ioctl(request, state.address(), "set up a queue of");
    return state;
  }

  @Override
  public void setKick(int queue, EventFd event) throws KvmException {
    setFile(Linux.VHOST_SET_VRING_KICK(), queue, event.fd());
  }

  @Override
  public void setCall(int queue, EventFd event) throws KvmException {
    setFile(Linux.VHOST_SET_VRING_CALL(), queue, event.fd());
  }

  @Override
  public void setError(int queue, EventFd event) throws KvmException {
    setFile(Linux.VHOST_SET_VRING_ERR(), queue, event.fd());
  }

  @Override
  public void setBackend(int queue, @Nullable FileDescriptor tap) throws KvmException {
    setFile(Linux.VHOST_NET_SET_BACKEND(), queue, tap == null ? NO_BACKEND : tap.fd());
  }

  private void setFile(long request, int queue, int descriptor) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment file = vhost_vring_file.allocate(scratch);
      vhost_vring_file.index(file, queue);
      vhost_vring_file.fd(file, descriptor);
      // SAFETY: a whole struct vhost_vring_file that lives until the call returns.
      ioctl(request, file.address(), "connect a queue of");
    }
  }

  @Override
  public int next(int queue) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment state = setState(scratch, Linux.VHOST_GET_VRING_BASE(), queue, 0);
      return vhost_vring_state.num(state) & 0xFFFF;
    }
  }
}
