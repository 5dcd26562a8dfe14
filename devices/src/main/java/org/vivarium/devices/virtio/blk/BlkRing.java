package org.vivarium.devices.virtio.blk;

import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.BufferList;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.Extent;
import org.vivarium.kvm.Epoll;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.IoUring;
import org.vivarium.kvm.KvmException;

/**
 * Executes reads and writes of a disk with io_uring: those whose bytes lie in one piece in a host's
 * file, straight between it and guest memory.
 *
 * <p>A fast path, tried once. What it cannot take (a cluster to be allocated, compressed or in
 * pieces) it leaves to the caller, and what the kernel does not do in full (an error, the end of
 * the file) it returns as refused; both are then executed by the image itself, which knows what to
 * do. On the disk's I/O loop only; allocates nothing.
 */
final class BlkRing implements AutoCloseable {
  /** A request in the kernel's hands. */
  interface Job {
    /** What is to be moved. */
    BlkRequest request();

    /** The guest memory that the request's data is in. */
    GuestMemory memory();

    /** All bytes were moved. */
    void moved();

    /** Not all were: somebody who may wait is to execute the request. */
    void refused();
  }

  private final IoUring ring;
  private final DiskImage image;
  private final IoLoop.Watch watch;
  private final Extent extent = new Extent();

  /** By the number that a request has in the ring; null where the number is free. */
  private final @Nullable Job[] jobs;

  private final long[] tokens;
  private final long[] bytes;
  private final int[] free;
  private int freeCount;
  private boolean built;

  /** Of what is built, the writes. */
  private int writes;

  private long written;

  private final CompletionWait patience = new CompletionWait();
  private boolean closed;

  /**
   * Begins to listen for completions.
   *
   * @param turnEnded called after completions, on the loop: notifies the driver
   */
  BlkRing(DiskImage image, BlkFiles files, IoLoop loop, Runnable turnEnded) {
    int capacity = files.capacity();
    this.ring = files.ring();
    this.image = image;
    this.jobs = new Job[capacity];
    this.tokens = new long[capacity];
    this.bytes = new long[capacity];
    this.free = new int[capacity];
    Arrays.setAll(free, i -> i);
    this.freeCount = capacity;
    this.watch = loop.watch(ring, Epoll.IN, () -> ready(turnEnded));
  }

  /** There may be completions. A last call may come while another thread closes this. */
  private synchronized void ready(Runnable turnEnded) {
    if (!closed && reap() > 0) {
      turnEnded.run();
    }
  }

  /**
   * Takes a request, to be handed to the kernel by {@link #submit}.
   *
   * @return false, and nothing done, if it is not one for the kernel
   */
  boolean take(Job job) {
    BlkRequest request = job.request();
    BufferList data = request.data();
    boolean read = request.operation() == BlkRequest.Operation.READ;
    boolean write = request.operation() == BlkRequest.Operation.WRITE;
    if (!(read || write)
        || data.count() == 0
        || data.count() > IoUring.MAX_RANGES
        || freeCount == 0) {
      return false;
    }
    long token = image.beginAccess();
    if (!lies(request.offset(), data.bytes(), read) || !makeRoom(data.count())) {
      image.endAccess(token);
      return false;
    }
    for (int i = 0; i < data.count(); i++) {
      ring.add(job.memory().hva(data.gpa(i), data.length(i)), data.length(i));
    }
    freeCount--;
    int number = free[freeCount];
    jobs[number] = job;
    tokens[number] = token;
    bytes[number] = data.bytes();
    if (read) {
      ring.read(number, extent.file(), extent.hostOffset());
    } else {
      ring.write(number, extent.file(), extent.hostOffset());
      writes++;
      written += data.bytes();
    }
    built = true;
    return true;
  }

  /** Whether a range lies in one piece in a file, where it may be accessed; sets the extent. */
  private boolean lies(long offset, long length, boolean read) {
    try {
      image.map(offset, length, extent);
    } catch (IOException e) {
      // The image itself meets the same error when it executes the request, and reports it.
      return false;
    }
    return extent.kind() == Extent.Kind.DATA
        && extent.length() >= length
        && (read || extent.isWritable());
  }

  private boolean makeRoom(int ranges) {
    if (!ring.hasRoom(ranges)) {
      submit();
    }
    return ring.hasRoom(ranges);
  }

  /** Hands what was taken to the kernel, and completes what it did at once or soon. */
  void submit() {
    if (!built) {
      return;
    }
    int awaited = patience.awaited(writes, written);
    built = false;
    writes = 0;
    written = 0;
    if (!ring.submit(awaited, CompletionWait.nanos(awaited))) {
      for (long number = ring.withdraw(); number >= 0; number = ring.withdraw()) {
        forget((int) number).refused();
      }
    }
    int completed = reap();
    if (awaited > 0) {
      patience.ended(completed >= awaited);
    }
  }

  /**
   * Completes what the kernel has done; at most what was in flight.
   *
   * @return how many
   */
  private int reap() {
    int count = 0;
    while (ring.next()) {
      int number = (int) ring.data();
      boolean whole = ring.result() == bytes[number];
      Job job = forget(number);
      if (whole) {
        job.moved();
      } else {
        job.refused();
      }
      count++;
    }
    return count;
  }

  private Job forget(int number) {
    Job job = jobs[number];
    if (job == null) {
      throw new IllegalStateException("The kernel completed request " + number + " twice");
    }
    jobs[number] = null;
    free[freeCount] = number;
    freeCount++;
    image.endAccess(tokens[number]);
    return job;
  }

  /**
   * Lets the ring go. Any thread, after the last reset has drained or the loop's thread has died of
   * a defect: what it left in flight is awaited, since the kernel writes into guest memory.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    watch.cancel();
    try {
      while (freeCount < jobs.length) {
        if (ring.next()) {
          forget((int) ring.data());
        } else {
          ring.await();
        }
      }
    } catch (KvmException e) {
      throw new IllegalStateException("Requests of a disk are in flight and cannot be awaited", e);
    }
  }
}
