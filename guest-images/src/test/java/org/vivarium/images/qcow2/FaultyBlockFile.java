package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.vivarium.images.disk.BlockFile;
import org.vivarium.images.disk.ForwardingBlockFile;

/** Fails chosen operations, as a broken or full storage does. */
final class FaultyBlockFile extends ForwardingBlockFile {
  /** What fails. */
  enum Fault {
    READ,
    WRITE,
    /** A write that fails although its first sectors, or its only one, reached the file. */
    TORN_WRITE,
    SYNC
  }

  private final Fault fault;
  private final int at;
  private final boolean once;
  private int seen;
  private boolean fired;
  private boolean mended;

  /** Fails the operation of that kind with number {@code at}; all later ones too unless once. */
  FaultyBlockFile(BlockFile file, Fault fault, int at, boolean once) {
    super(file);
    this.fault = fault;
    this.at = at;
    this.once = once;
  }

  /** Whether an operation has failed. */
  boolean hasFired() {
    return fired;
  }

  /** Lets everything succeed from now on: space has returned, the cable is plugged in again. */
  void mend() {
    mended = true;
  }

  private boolean fails(Fault... kinds) {
    for (Fault kind : kinds) {
      if (fault == kind && !mended) {
        int now = seen++;
        boolean result = once ? now == at : now >= at;
        fired |= result;
        return result;
      }
    }
    return false;
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    if (fails(Fault.READ)) {
      throw new IOException("Input/output error");
    }
    super.read(dst, offset);
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    if (fails(Fault.WRITE, Fault.TORN_WRITE)) {
      if (fault == Fault.TORN_WRITE) {
        long middle = (offset + src.remaining() / 2) & -512L;
        int n = middle > offset ? (int) (middle - offset) : src.remaining();
        super.write(src.slice(src.position(), n), offset);
      }
      throw new IOException("No space left on device");
    }
    super.write(src, offset);
  }

  @Override
  public void truncate(long size) throws IOException {
    if (fails(Fault.WRITE, Fault.TORN_WRITE)) {
      throw new IOException("No space left on device");
    }
    super.truncate(size);
  }

  @Override
  public void sync() throws IOException {
    if (fails(Fault.SYNC)) {
      throw new IOException("Input/output error");
    }
    super.sync();
  }
}
