package org.vivarium.vmm.disk;

import java.io.IOException;
import java.nio.file.Path;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.FileLocker;
import org.vivarium.kvm.Errno;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.OfdLock;

/**
 * QEMU-compatible locks by open file description locks, the kind that QEMU itself takes.
 *
 * <p>A user locks what it does and what it does not let others do, each a byte, and then looks
 * whether another's bytes are in the way. Two that come at the same moment may both be refused,
 * never both be let in. The locks end with the lease or with the process, however that ends.
 */
final class OfdFileLocker implements FileLocker {
  /** What a reader does. */
  private static final int[] READS = {CONSISTENT_READ};

  /** What a writer does. */
  private static final int[] WRITES = {CONSISTENT_READ, WRITE, RESIZE};

  /** What neither of them lets others do. */
  private static final int[] UNSHARED = {WRITE, RESIZE};

  /** Makes a locker, which has no state. */
  public OfdFileLocker() {}

  @Override
  public Lease lock(Path file, Mode mode) throws IOException {
    OfdLock lock = open(file);
    try {
      take(lock, file, mode == Mode.READ ? READS : WRITES);
    } catch (IOException e) {
      lock.close();
      throw e;
    }
    return lock::close;
  }

  private static OfdLock open(Path file) throws IOException {
    try {
      return OfdLock.open(file, OfdLock.Kind.SHARED);
    } catch (KvmException e) {
      if (e.errno() == Errno.EACCES || e.errno() == Errno.EPERM) {
        throw new DiskImageException(
            "Disk %s may not be opened by you; check the owner and mode of the file and its folders."
                .formatted(file),
            e);
      }
      throw e;
    }
  }

  private static void take(OfdLock lock, Path file, int[] used) throws IOException {
    for (int permission : used) {
      hold(lock, file, PERM_BASE + permission);
    }
    for (int permission : UNSHARED) {
      hold(lock, file, UNSHARED_BASE + permission);
    }
    for (int permission : used) {
      probe(lock, file, UNSHARED_BASE + permission);
    }
    for (int permission : UNSHARED) {
      probe(lock, file, PERM_BASE + permission);
    }
  }

  private static void hold(OfdLock lock, Path file, int position) throws IOException {
    if (!lock.tryLock(position, 1, OfdLock.Kind.SHARED)) {
      throw inUse(file);
    }
  }

  private static void probe(OfdLock lock, Path file, int position) throws IOException {
    if (lock.isLockedByAnother(position, 1, OfdLock.Kind.EXCLUSIVE)) {
      throw inUse(file);
    }
  }

  private static DiskImageException inUse(Path file) {
    return new DiskImageException(
        "Disk %s is in use by another machine or program; end that first.".formatted(file));
  }
}
