package org.vivarium.vmm.store;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.util.Optional;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.OfdLock;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;

/**
 * The lock that a machine's process holds as long as it lives, however it ends: what tells a
 * running process from the files that one left behind. An open file description lock on {@code
 * lock} (fcntl(2)). Any thread.
 */
public final class VmLock implements AutoCloseable {
  private static final LazyLogger LOG = LazyLogger.of(VmLock.class);

  private final OfdLock lock;

  private VmLock(OfdLock lock) {
    this.lock = lock;
  }

  /**
   * Takes the lock.
   *
   * @return empty if another holds it
   * @throws VmmException if the host refuses
   */
  public static Optional<VmLock> tryTake(VmFolder folder) throws VmmException {
    make(folder);
    try {
      OfdLock lock = OfdLock.open(folder.lock(), OfdLock.Kind.EXCLUSIVE);
      if (lock.tryLock(0, 1, OfdLock.Kind.EXCLUSIVE)) {
        return Optional.of(new VmLock(lock));
      }
      lock.close();
      return Optional.empty();
    } catch (KvmException e) {
      throw new VmmException("%s cannot be locked.".formatted(folder.lock()), e);
    }
  }

  /**
   * Makes the file that is locked, unless it is there.
   *
   * @throws VmmException if the host refuses
   */
  public static void make(VmFolder folder) throws VmmException {
    if (Files.exists(folder.lock())) {
      return;
    }
    try {
      Files.createFile(folder.lock());
    } catch (FileAlreadyExistsException _) {
      LOG.debug("Another process was quicker to make {}", folder.lock());
    } catch (IOException e) {
      throw HostErrors.refusal("%s cannot be made".formatted(folder.lock()), e);
    }
  }

  /**
   * Whether a process holds a machine's lock.
   *
   * @throws VmmException if that cannot be told
   */
  public static boolean isHeld(VmFolder folder) throws VmmException {
    if (!Files.exists(folder.lock())) {
      return false;
    }
    try (OfdLock lock = OfdLock.open(folder.lock(), OfdLock.Kind.SHARED)) {
      return lock.isLockedByAnother(0, 1, OfdLock.Kind.SHARED);
    } catch (KvmException e) {
      if (!Files.exists(folder.lock())) {
        return false;
      }
      throw new VmmException("Whether %s is locked cannot be told.".formatted(folder.lock()), e);
    }
  }

  @Override
  public void close() {
    lock.close();
  }
}
