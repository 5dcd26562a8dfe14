package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.kvm.OfdLock.Kind;

class OfdLockTest {
  @TempDir Path folder;
  private Path path = Path.of("");

  @BeforeEach
  void makeFile() throws Exception {
    path = Files.createFile(folder.resolve("disk.qcow2"));
  }

  @Test
  void exclusiveLockKeepsOthersOutOfItsBytesOnly() throws Exception {
    try (OfdLock mine = OfdLock.open(path, Kind.EXCLUSIVE);
        OfdLock other = OfdLock.open(path, Kind.EXCLUSIVE)) {
      assertTrue(mine.tryLock(100, 10, Kind.EXCLUSIVE));

      assertFalse(other.tryLock(109, 1, Kind.EXCLUSIVE));
      assertFalse(other.tryLock(100, 1, Kind.SHARED));
      assertTrue(other.tryLock(110, 1, Kind.EXCLUSIVE));
      assertTrue(other.tryLock(99, 1, Kind.EXCLUSIVE));
    }
  }

  @Test
  void sharedLocksGoTogetherButNotWithAnExclusiveOne() throws Exception {
    try (OfdLock mine = OfdLock.open(path, Kind.SHARED);
        OfdLock other = OfdLock.open(path, Kind.EXCLUSIVE)) {
      assertTrue(mine.tryLock(0, 1, Kind.SHARED));

      assertTrue(other.tryLock(0, 1, Kind.SHARED));
      assertFalse(other.tryLock(0, 1, Kind.EXCLUSIVE));
    }
  }

  @Test
  void lockOfOneOpeningIsNotInItsOwnWay() throws Exception {
    try (OfdLock mine = OfdLock.open(path, Kind.EXCLUSIVE)) {
      assertTrue(mine.tryLock(0, 1, Kind.SHARED));
      assertTrue(mine.tryLock(0, 1, Kind.EXCLUSIVE));

      assertFalse(mine.isLockedByAnother(0, 1, Kind.EXCLUSIVE));
    }
  }

  @Test
  void questionSeesTheLocksOfOthers() throws Exception {
    try (OfdLock mine = OfdLock.open(path, Kind.EXCLUSIVE);
        OfdLock other = OfdLock.open(path, Kind.SHARED)) {
      mine.tryLock(200, 1, Kind.SHARED);

      assertTrue(other.isLockedByAnother(200, 1, Kind.EXCLUSIVE));
      assertFalse(other.isLockedByAnother(200, 1, Kind.SHARED));
      assertFalse(other.isLockedByAnother(201, 1, Kind.EXCLUSIVE));
    }
  }

  @Test
  void unlockAndCloseLetOthersIn() throws Exception {
    try (OfdLock other = OfdLock.open(path, Kind.EXCLUSIVE)) {
      OfdLock mine = OfdLock.open(path, Kind.EXCLUSIVE);
      assertTrue(mine.tryLock(0, 10, Kind.EXCLUSIVE));

      mine.unlock(0, 1);
      assertTrue(other.tryLock(0, 1, Kind.EXCLUSIVE));
      assertFalse(other.tryLock(1, 1, Kind.EXCLUSIVE));
      mine.close();

      assertTrue(other.tryLock(1, 9, Kind.EXCLUSIVE));
    }
  }

  @Test
  void closingAnotherDescriptorOfTheFileKeepsTheLock() throws Exception {
    try (OfdLock mine = OfdLock.open(path, Kind.EXCLUSIVE);
        OfdLock other = OfdLock.open(path, Kind.EXCLUSIVE)) {
      assertTrue(mine.tryLock(0, 1, Kind.EXCLUSIVE));

      Files.readAllBytes(path);

      assertFalse(other.tryLock(0, 1, Kind.EXCLUSIVE), "a POSIX lock would be gone");
    }
  }

  @Test
  void badRequestsAreRefused() throws Exception {
    Path absent = folder.resolve("absent");
    assertEquals(
        "Cannot open " + absent + " to lock it (ENOENT, no such file).",
        assertThrows(KvmException.class, () -> OfdLock.open(absent, Kind.SHARED)).getMessage());
    try (OfdLock lock = OfdLock.open(path, Kind.SHARED)) {
      assertThrows(IllegalArgumentException.class, () -> lock.tryLock(-1, 1, Kind.SHARED));
      assertThrows(IllegalArgumentException.class, () -> lock.tryLock(0, 0, Kind.SHARED));
      assertEquals(
          Errno.EBADF,
          assertThrows(KvmException.class, () -> lock.tryLock(0, 1, Kind.EXCLUSIVE)).errno(),
          "opened without the right to write");
    }
  }
}
