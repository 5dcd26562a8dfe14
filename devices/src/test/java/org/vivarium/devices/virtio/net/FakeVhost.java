package org.vivarium.devices.virtio.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.devices.virtio.queue.SplitVirtqueue;
import org.vivarium.devices.virtio.queue.SplitVirtqueue.Pop;
import org.vivarium.devices.virtio.queue.VirtqueueConfig;
import org.vivarium.kvm.Errno;
import org.vivarium.kvm.EventFd;
import org.vivarium.kvm.FileDescriptor;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.VhostNet;

/** A vhost that insists on the order of calls that the kernel's needs, and may fail at any. */
final class FakeVhost implements VhostNet {
  /** What it was told of one queue. */
  static final class Line {
    @Nullable Ring ring;
    @Nullable EventFd kick;
    @Nullable EventFd call;
    @Nullable EventFd error;
    @Nullable FileDescriptor tap;
    int next;
  }

  private final GuestMemory memory;
  private final long offered;
  private final Line[] lines = {new Line(), new Line()};
  private int callsUntilFailure;
  long features;
  boolean closed;

  FakeVhost(GuestMemory memory, long offered, int callsUntilFailure) {
    this.memory = memory;
    this.offered = offered;
    this.callsUntilFailure = callsUntilFailure;
  }

  Line line(int queue) {
    return lines[queue];
  }

  private void called() throws KvmException {
    assertFalse(closed, "a call after the end");
    if (callsUntilFailure-- == 0) {
      throw new KvmException("use the fake", Errno.ENOMEM);
    }
  }

  /** A setting: while the queue is served it would come too late. */
  private Line stopped(int queue) throws KvmException {
    assertNull(lines[queue].tap, "a setting while frames pass");
    called();
    return lines[queue];
  }

  @Override
  public long features() throws KvmException {
    called();
    return offered;
  }

  @Override
  public void setFeatures(long newFeatures) throws KvmException {
    called();
    assertEquals(0, newFeatures & ~offered);
    features = newFeatures;
  }

  @Override
  public void setRing(int queue, Ring ring) throws KvmException {
    Line line = stopped(queue);
    assertTrue(memory.contains(ring.used(), 6 + 8L * ring.size()));
    line.ring = ring;
    line.next = ring.next();
  }

  @Override
  public void setKick(int queue, EventFd event) throws KvmException {
    stopped(queue).kick = event;
  }

  @Override
  public void setCall(int queue, EventFd event) throws KvmException {
    called();
    assertFalse(event.isClosed());
    lines[queue].call = event;
  }

  @Override
  public void setError(int queue, EventFd event) throws KvmException {
    stopped(queue).error = event;
  }

  @Override
  public void setBackend(int queue, @Nullable FileDescriptor tap) throws KvmException {
    Line line = lines[queue];
    if (tap != null) {
      called();
      assertNotNull(line.ring);
      assertNotNull(line.kick);
      assertNotNull(line.call);
    }
    line.tap = tap;
  }

  @Override
  public int next(int queue) {
    assertNull(lines[queue].tap, "the queue is still served");
    return lines[queue].next;
  }

  /** Takes chains from a queue and returns them, as if their frames had passed. */
  void serve(int queue, int count) {
    Line line = lines[queue];
    assertNotNull(line.tap);
    Ring ring = line.ring;
    assertNotNull(ring);
    SplitVirtqueue side =
        new SplitVirtqueue(
            memory,
            new VirtqueueConfig(ring.size(), ring.descriptors(), ring.available(), ring.used()),
            ring.size(),
            true,
            true);
    side.resumeAt(line.next);
    DescriptorChain chain = side.newChain();
    for (int i = 0; i < count; i++) {
      assertEquals(Pop.CHAIN, side.pop(chain));
      side.addUsed(chain.head(), 0);
    }
    line.next = side.next();
  }

  @Override
  public void close() {
    assertNull(lines[RECEIVE].tap);
    assertNull(lines[TRANSMIT].tap);
    closed = true;
  }
}
