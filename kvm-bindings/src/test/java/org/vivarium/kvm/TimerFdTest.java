package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TimerFdTest {
  private static final long FAR = TimeUnit.DAYS.toNanos(10_000);

  @Test
  void drainWhenNotArmedIsZero() throws Exception {
    try (TimerFd timer = TimerFd.create()) {
      assertEquals(0, timer.drain());
    }
  }

  @Test
  void armedOnceExpiresOnce() throws Exception {
    try (TimerFd timer = TimerFd.create();
        Epoll epoll = Epoll.create(1)) {
      epoll.add(timer.fd(), Epoll.IN, 9);

      timer.arm(1);

      assertEquals(1, epoll.await(Epoll.FOREVER));
      assertEquals(1, timer.drain());
      assertEquals(0, epoll.await(0));
    }
  }

  @Test
  void intervalExpiresAgainAndAgain() throws Exception {
    try (TimerFd timer = TimerFd.create();
        Epoll epoll = Epoll.create(1)) {
      epoll.add(timer.fd(), Epoll.IN, 9);

      timer.arm(1, 1_000_000);

      long expirations = 0;
      while (expirations < 3) {
        assertEquals(1, epoll.await(Epoll.FOREVER));
        expirations += timer.drain();
      }
      assertTrue(expirations >= 3);
    }
  }

  @Test
  void farAwayTimerDoesNotExpireUntilArmedAnew() throws Exception {
    try (TimerFd timer = TimerFd.create();
        Epoll epoll = Epoll.create(1)) {
      epoll.add(timer.fd(), Epoll.IN, 9);
      timer.arm(FAR);
      assertEquals(0, epoll.await(0));

      timer.arm(1);

      assertEquals(1, epoll.await(Epoll.FOREVER));
    }
  }

  @Test
  void disarmedForgetsWhatWasNotDrained() throws Exception {
    try (TimerFd timer = TimerFd.create();
        Epoll epoll = Epoll.create(1)) {
      epoll.add(timer.fd(), Epoll.IN, 9);
      timer.arm(1);
      assertEquals(1, epoll.await(Epoll.FOREVER));

      timer.disarm();

      assertEquals(0, timer.drain());
    }
  }

  @Test
  void timesThatAreNoneAreRefused() throws Exception {
    try (TimerFd timer = TimerFd.create()) {
      assertThrows(IllegalArgumentException.class, () -> timer.arm(0));
      assertThrows(IllegalArgumentException.class, () -> timer.arm(-1));
      assertThrows(IllegalArgumentException.class, () -> timer.arm(1, -1));
    }
  }
}
