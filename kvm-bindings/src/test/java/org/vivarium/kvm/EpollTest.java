package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import org.junit.jupiter.api.Test;

class EpollTest {
  @Test
  void awaitWhenNothingIsReadyReturnsNone() throws Exception {
    try (Epoll epoll = Epoll.create(4);
        EventFd event = EventFd.create()) {
      epoll.add(event.fd(), Epoll.IN, 7);

      assertEquals(0, epoll.await(0));
    }
  }

  @Test
  void timeoutMayBeShort() throws Exception {
    try (Epoll epoll = Epoll.create(1);
        EventFd event = EventFd.create()) {
      epoll.add(event.fd(), Epoll.IN, 7);
      long before = System.nanoTime();
      int none = epoll.awaitNanos(1_500_000);
      long after = System.nanoTime();
      event.signal();

      assertEquals(0, none);
      assertTrue(after - before >= 1_500_000);
      assertEquals(1, epoll.awaitNanos(3_000_000_000L));
      assertEquals(7, epoll.token(0));
      assertEquals(0, Allocation.afterWarmUp(() -> epoll.awaitNanos(0)));
    }
  }

  @Test
  void awaitGivesTheTokenAndEventsOfWhatIsReady() throws Exception {
    try (Epoll epoll = Epoll.create(4);
        EventFd quiet = EventFd.create();
        EventFd signalled = EventFd.create()) {
      epoll.add(quiet.fd(), Epoll.IN, 7);
      epoll.add(signalled.fd(), Epoll.IN, 0xFEDC_BA98_7654_3210L);
      signalled.signal();

      assertEquals(1, epoll.await(Epoll.FOREVER));

      assertEquals(0xFEDC_BA98_7654_3210L, epoll.token(0));
      assertEquals(Epoll.IN, epoll.events(0));
    }
  }

  @Test
  void awaitGivesAllThatAreReadyUpToItsCapacity() throws Exception {
    try (Epoll epoll = Epoll.create(2);
        EventFd one = EventFd.create();
        EventFd two = EventFd.create();
        EventFd three = EventFd.create()) {
      epoll.add(one.fd(), Epoll.IN, 1);
      epoll.add(two.fd(), Epoll.IN, 2);
      epoll.add(three.fd(), Epoll.IN, 3);
      one.signal();
      two.signal();
      three.signal();

      assertEquals(2, epoll.await(0));
      Set<Long> first = Set.of(epoll.token(0), epoll.token(1));
      assertEquals(2, epoll.await(0));
      Set<Long> second = Set.of(epoll.token(0), epoll.token(1));

      assertEquals(Set.of(1L, 2L), first);
      assertEquals(true, second.contains(3L), "the one that did not fit comes next");
    }
  }

  @Test
  void levelTriggeredIsReportedUntilDrained() throws Exception {
    try (Epoll epoll = Epoll.create(1);
        EventFd event = EventFd.create()) {
      epoll.add(event.fd(), Epoll.IN, 1);
      event.signal();

      assertEquals(1, epoll.await(0));
      assertEquals(1, epoll.await(0));
      event.drain();
      assertEquals(0, epoll.await(0));
    }
  }

  @Test
  void edgeTriggeredIsReportedOnce() throws Exception {
    try (Epoll epoll = Epoll.create(1);
        EventFd event = EventFd.create()) {
      epoll.add(event.fd(), Epoll.IN | Epoll.EDGE_TRIGGERED, 1);
      event.signal();

      assertEquals(1, epoll.await(0));
      assertEquals(0, epoll.await(0));
      event.signal();
      assertEquals(1, epoll.await(0));
    }
  }

  @Test
  void modifyChangesTokenAndEvents() throws Exception {
    try (Epoll epoll = Epoll.create(1);
        EventFd event = EventFd.create()) {
      epoll.add(event.fd(), Epoll.IN, 1);

      epoll.modify(event.fd(), Epoll.OUT, 2);

      assertEquals(1, epoll.await(0));
      assertEquals(2, epoll.token(0));
      assertEquals(Epoll.OUT, epoll.events(0));
    }
  }

  @Test
  void removedIsNotReported() throws Exception {
    try (Epoll epoll = Epoll.create(1);
        EventFd event = EventFd.create()) {
      epoll.add(event.fd(), Epoll.IN, 1);
      event.signal();

      epoll.remove(event.fd());

      assertEquals(0, epoll.await(0));
    }
  }

  @Test
  void addingTwiceIsRefused() throws Exception {
    try (Epoll epoll = Epoll.create(1);
        EventFd event = EventFd.create()) {
      epoll.add(event.fd(), Epoll.IN, 1);

      KvmException refusal =
          assertThrows(KvmException.class, () -> epoll.add(event.fd(), Epoll.IN, 1));

      assertEquals(Errno.EEXIST, refusal.errno());
      assertEquals(
          "Cannot watch file descriptor " + event.fd() + " (EEXIST, exists already).",
          refusal.getMessage());
    }
  }

  @Test
  void resultsBeyondTheCountAreRefused() throws Exception {
    try (Epoll epoll = Epoll.create(2);
        EventFd event = EventFd.create()) {
      epoll.add(event.fd(), Epoll.IN, 1);
      event.signal();
      epoll.await(0);

      assertThrows(IndexOutOfBoundsException.class, () -> epoll.token(1));
      assertThrows(IndexOutOfBoundsException.class, () -> epoll.events(-1));
      assertThrows(IllegalArgumentException.class, () -> Epoll.create(0));
    }
  }

  @Test
  void waitingAllocatesNothing() throws Exception {
    try (Epoll epoll = Epoll.create(1);
        EventFd event = EventFd.create()) {
      epoll.add(event.fd(), Epoll.IN, 3);
      event.signal();
      assertEquals(30_000, awaitOften(epoll));

      assertEquals(0, Allocation.afterWarmUp(() -> awaitOften(epoll)));
    }
  }

  private static long awaitOften(Epoll epoll) throws KvmException {
    long sum = 0;
    for (int i = 0; i < 10_000; i++) {
      sum += epoll.await(Epoll.FOREVER) * epoll.token(0) * epoll.events(0);
    }
    return sum;
  }
}
