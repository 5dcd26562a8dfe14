package org.vivarium.devices.virtio.blk;

import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.BufferList;
import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.devices.virtio.queue.GuestBuffers;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.devices.virtio.transport.QueuePump;
import org.vivarium.kvm.GuestMemory;

/**
 * Serves one request queue: parses on the I/O loop, has the ring or a worker execute, and returns
 * the request where it was executed, so that it changes threads once at most.
 *
 * <p>As many requests can be in flight as the queue has descriptors; each has a {@link BlkJob} that
 * is used again. The pump's lock guards the free jobs. Allocates nothing once each job has been
 * used.
 */
final class BlkHandler implements QueuePump.Handler {
  /** A request in flight. */
  private final class BlkJob implements BlkWorkers.Job, BlkRing.Job {
    private final BlkRequest request;
    private long startedNanos;

    BlkJob(BlkRequest request) {
      this.request = request;
    }

    @Override
    public GuestMemory memory() {
      return memory;
    }

    @Override
    public BlkRequest request() {
      return request;
    }

    @Override
    public void run(GuestBuffers buffers) {
      int status = BlkLayout.VIRTIO_BLK_S_IOERR;
      try {
        status = disk.execute(request, buffers);
      } finally {
        finish(this, status, true);
      }
    }

    @Override
    public void moved() {
      finish(this, BlkLayout.VIRTIO_BLK_S_OK, false);
    }

    @Override
    public void refused() {
      engines.workers().submit(this);
    }
  }

  private final GuestMemory memory;
  private final byte[] id;
  private final BlkDisk disk;
  private final BlkEngines engines;
  private final ActivationContext.Failure failure;
  private final DeviceQueue queue;
  private final QueuePump pump;
  private final BlkTraffic traffic;
  private final BlkJob[] free;
  private int freeCount;
  private boolean starved;
  private @Nullable Runnable drained;

  /**
   * @param id what VIRTIO_BLK_T_GET_ID answers, {@link BlkConfig#ID_BYTES} bytes
   * @param traffic limit and counts of all queues together
   */
  BlkHandler(
      DeviceQueue queue,
      ActivationContext context,
      BlkDisk disk,
      BlkEngines engines,
      byte[] id,
      BlkTraffic traffic) {
    this.traffic = traffic;
    this.memory = context.memory();
    this.id = id;
    this.disk = disk;
    this.engines = engines;
    this.failure = context.failure();
    this.queue = queue;
    this.pump = new QueuePump(queue, this, failure);
    this.free = new BlkJob[queue.ring().config().size()];
    for (int i = 0; i < free.length; i++) {
      free[i] = new BlkJob(new BlkRequest(queue.ring().newChain()));
    }
    this.freeCount = free.length;
  }

  void start(IoLoop loop) {
    pump.start(loop);
  }

  /** Looks for requests again. */
  void wake() {
    queue.kick().signal();
  }

  /** Takes no more requests, and runs {@code whenDrained} once none is in flight. */
  void stop(Runnable whenDrained) {
    synchronized (pump) {
      pump.stop();
      if (freeCount < free.length) {
        drained = whenDrained;
        return;
      }
    }
    whenDrained.run();
  }

  @Override
  public @Nullable DescriptorChain nextChain() {
    starved = freeCount == 0;
    return starved || traffic.limiter().blocked() ? null : free[freeCount - 1].request.chain();
  }

  @Override
  public long handle(DescriptorChain chain) {
    BlkJob job = free[freeCount - 1];
    BlkRequest request = job.request;
    switch (request.parse(disk)) {
      case MALFORMED -> {
        pump.stop();
        failure.needsReset(
            "Queue " + queue.index() + ": A request has no header or no status byte");
        return 0;
      }
      case REFUSE -> {
        traffic.counters().error();
        return answer(request, request.verdict());
      }
      case GET_ID -> {
        writeId(request.data());
        return answer(request, BlkLayout.VIRTIO_BLK_S_OK);
      }
      default -> {
        traffic.limiter().spend(request.data().bytes());
        job.startedNanos = System.nanoTime();
        freeCount--;
        execute(job);
        return QueuePump.IN_FLIGHT;
      }
    }
  }

  private void execute(BlkJob job) {
    BlkRing ring = engines.ring();
    if (ring == null || disk.isWriteThrough(job.request) || !ring.take(job)) {
      engines.workers().submit(job);
    }
  }

  @Override
  public void turnEnded() {
    BlkRing ring = engines.ring();
    if (ring != null) {
      ring.submit();
    }
  }

  @Override
  public boolean gathers() {
    return engines.ring() != null;
  }

  /** Notifies the driver of what the ring has completed. */
  void notifyUsed() {
    pump.notifyUsed();
  }

  /**
   * Returns an executed request. On a worker's thread, or on the loop for the ring.
   *
   * @param notify whether the driver is to be notified now
   */
  private void finish(BlkJob job, int status, boolean notify) {
    traffic.finished(job.request, status, System.nanoTime() - job.startedNanos);
    long written = answer(job.request, status);
    Runnable last = null;
    synchronized (pump) {
      if (notify) {
        pump.complete(job.request.chain(), written);
      } else {
        pump.giveBack(job.request.chain(), written);
      }
      free[freeCount] = job;
      freeCount++;
      if (starved) {
        starved = false;
        queue.kick().signal();
      }
      if (freeCount == free.length) {
        last = drained;
        drained = null;
      }
    }
    if (last != null) {
      last.run();
    }
  }

  /**
   * Writes the status byte.
   *
   * @return bytes written from the start of the device-writable part without a gap, which is what
   *     the driver is told (VIRTIO 1.2, 2.7.8.2)
   */
  private long answer(BlkRequest request, int status) {
    memory.writeU8(request.statusGpa(), status);
    long before = request.chain().writableBytes() - 1;
    long filled =
        switch (request.operation()) {
          case READ -> status == BlkLayout.VIRTIO_BLK_S_OK ? before : 0;
          case GET_ID -> Math.min(before, id.length);
          default -> 0;
        };
    return filled == before ? before + 1 : filled;
  }

  private void writeId(BufferList target) {
    int done = 0;
    for (int i = 0; i < target.count() && done < id.length; i++) {
      int step = (int) Math.min(target.length(i), id.length - done);
      memory.write(target.gpa(i), id, done, step);
      done += step;
    }
  }
}
