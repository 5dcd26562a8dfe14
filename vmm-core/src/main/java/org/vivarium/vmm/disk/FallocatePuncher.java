package org.vivarium.vmm.disk;

import java.io.IOException;
import java.nio.file.Path;
import org.vivarium.images.disk.HolePuncher;
import org.vivarium.kvm.Errno;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.NativeFile;

/** Gives space back to the host by fallocate(2). */
final class FallocatePuncher implements HolePuncher {
  @Override
  public Hole open(Path file) throws IOException {
    NativeFile target = NativeFile.open(file, NativeFile.Mode.READ_WRITE);
    return new Hole() {
      @Override
      public boolean punch(long offset, long length) throws IOException {
        try {
          target.punchHole(offset, length);
          return true;
        } catch (KvmException e) {
          if (e.errno() == Errno.EOPNOTSUPP) {
            return false;
          }
          throw e;
        }
      }

      @Override
      public void close() {
        target.close();
      }
    };
  }
}
