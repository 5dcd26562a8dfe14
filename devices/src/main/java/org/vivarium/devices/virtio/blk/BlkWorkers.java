package org.vivarium.devices.virtio.blk;

import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.GuestBuffers;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.ThreadFilter;

/**
 * The threads that execute a disk's requests.
 *
 * <p>Handing over a request allocates nothing: the queue is an array, and waiting uses this
 * object's monitor. Lock order: a queue pump's lock, then this one; a worker holds neither while it
 * works.
 */
final class BlkWorkers implements AutoCloseable {
  /** A request to execute. */
  interface Job {
    /** The guest memory that the request's data is in. */
    GuestMemory memory();

    /** Executes the request and returns it to the driver. */
    void run(GuestBuffers buffers);
  }

  private final @Nullable Job[] waiting;
  private final Thread[] threads;
  private int first;
  private int count;
  private boolean closing;

  /**
   * Starts the threads.
   *
   * @param capacity most requests that can wait: as many as can be in flight
   * @param crashHandler told when a bug ends a thread
   */
  BlkWorkers(String name, int size, int capacity, Thread.UncaughtExceptionHandler crashHandler) {
    waiting = new Job[capacity];
    threads = new Thread[size];
    for (int i = 0; i < size; i++) {
      threads[i] =
          Thread.ofPlatform()
              .name(name + "-worker" + i)
              .daemon()
              .uncaughtExceptionHandler(crashHandler)
              .start(this::work);
    }
  }

  /** Has a job executed. Never blocks for a worker. */
  synchronized void submit(Job job) {
    if (count == waiting.length) {
      throw new IllegalStateException("More requests in flight than the queues can hold");
    }
    waiting[(first + count) % waiting.length] = job;
    count++;
    notify();
  }

  /** Ends the threads once no job waits, and waits for that. */
  @Override
  public void close() {
    synchronized (this) {
      closing = true;
      notifyAll();
    }
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void work() {
    GuestMemory memory = null;
    GuestBuffers buffers = null;
    ThreadFilter filter = new ThreadFilter(ThreadFilter.Kind.DISK);
    for (Job job = take(); job != null; job = take()) {
      takeHold(filter);
      if (buffers == null || !job.memory().equals(memory)) {
        memory = job.memory();
        buffers = new GuestBuffers(memory);
      }
      job.run(buffers);
    }
  }

  private static void takeHold(ThreadFilter filter) {
    try {
      filter.takeHold();
    } catch (KvmException e) {
      throw new IllegalStateException("A disk worker cannot be confined", e);
    }
  }

  private synchronized @Nullable Job take() {
    while (count == 0) {
      if (closing) {
        return null;
      }
      try {
        wait();
      } catch (InterruptedException e) {
        // Nobody interrupts a worker: an interrupt would close the image's file channel.
        throw new IllegalStateException("A disk worker was interrupted", e);
      }
    }
    Job job = waiting[first];
    waiting[first] = null;
    first = (first + 1) % waiting.length;
    count--;
    return job;
  }
}
