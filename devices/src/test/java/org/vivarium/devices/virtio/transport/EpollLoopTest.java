package org.vivarium.devices.virtio.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.devices.virtio.testing.DriverSideQueue;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.kvm.Epoll;
import org.vivarium.kvm.EventFd;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.NativeBuffer;
import org.vivarium.kvm.ThreadFilter;
import org.vivarium.kvm.UnixSocket;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class EpollLoopTest {
  private final CompletableFuture<Throwable> crash = new CompletableFuture<>();
  private EpollLoop loop;

  @BeforeEach
  void startLoop() throws KvmException {
    loop =
        EpollLoop.start(
            "test-io", ThreadFilter.Kind.DEVICES, (thread, error) -> crash.complete(error));
  }

  @AfterEach
  void stopLoop() {
    loop.close();
  }

  @Test
  void tasksRunInOrderOnTheLoopThread() throws InterruptedException {
    StringBuffer order = new StringBuffer();
    CountDownLatch done = new CountDownLatch(1);
    Thread[] on = new Thread[1];

    loop.execute(() -> order.append('a'));
    loop.execute(() -> order.append('b'));
    loop.execute(
        () -> {
          on[0] = Thread.currentThread();
          done.countDown();
        });
    done.await();

    assertEquals("ab", order.toString());
    assertNotEquals(Thread.currentThread(), on[0]);
  }

  @Test
  void descriptorIsReportedWhenItBecomesReadyAndForWhatIsAsked() throws Exception {
    List<UnixSocket> pair = UnixSocket.pair();
    NativeBuffer buffer = new NativeBuffer(16);
    Semaphore calls = new Semaphore(0);
    IoLoop.DescriptorWatch watch = loop.watch(pair.getFirst(), Epoll.IN, calls::release);

    pair.getLast().write(buffer, 0, 1);
    calls.acquire();
    loop.execute(() -> watch.await(Epoll.IN | Epoll.OUT));
    calls.acquire();
    CountDownLatch cancelled = new CountDownLatch(1);
    loop.execute(
        () -> {
          watch.cancel();
          cancelled.countDown();
        });
    cancelled.await();
    calls.drainPermits();
    pair.getLast().write(buffer, 0, 1);
    CountDownLatch turned = new CountDownLatch(1);
    loop.execute(turned::countDown);
    turned.await();

    assertEquals(0, calls.availablePermits());
    pair.forEach(UnixSocket::close);
  }

  @Test
  void everySignalReachesItsCallback() throws Exception {
    try (EventFd first = EventFd.create();
        EventFd second = EventFd.create()) {
      Semaphore firstRuns = new Semaphore(0);
      AtomicInteger secondRuns = new AtomicInteger();
      loop.watch(first, firstRuns::release);
      loop.watch(second, secondRuns::incrementAndGet);

      for (int i = 0; i < 100; i++) {
        first.signal();
        firstRuns.acquire();
      }

      assertEquals(0, secondRuns.get());
    }
  }

  @Test
  void cancelledWatchIsSilentAndItsPlaceIsUsedAgain() throws Exception {
    try (EventFd event = EventFd.create()) {
      AtomicInteger old = new AtomicInteger();
      Semaphore fresh = new Semaphore(0);
      IoLoop.Watch watch = loop.watch(event, old::incrementAndGet);
      loop.execute(
          () -> {
            watch.cancel();
            loop.watch(event, fresh::release);
          });
      CountDownLatch cancelled = new CountDownLatch(1);
      loop.execute(cancelled::countDown);
      cancelled.await();

      event.signal();
      fresh.acquire();

      assertEquals(0, old.get());
    }
  }

  @Test
  void closeRunsWhatWasGivenBefore() {
    AtomicInteger ran = new AtomicInteger();
    for (int i = 0; i < 1000; i++) {
      loop.execute(ran::incrementAndGet);
    }

    loop.close();

    assertEquals(1000, ran.get());
  }

  @Test
  void closeOnItsOwnThreadIsRefused() throws Exception {
    CompletableFuture<Boolean> refused = new CompletableFuture<>();
    loop.execute(
        () -> {
          assertThrows(IllegalStateException.class, loop::close);
          refused.complete(true);
        });

    assertTrue(refused.get());
  }

  @Test
  void exceptionOfACallbackReachesTheCrashHandler() throws Exception {
    loop.execute(
        () -> {
          throw new IllegalArgumentException("a bug");
        });

    assertEquals("a bug", crash.get().getMessage());
  }

  @Test
  void alarmGoesOffOnceAfterItsTime() throws Exception {
    Semaphore rings = new Semaphore(0);
    CompletableFuture<IoLoop.Alarm> made = new CompletableFuture<>();
    long before = System.nanoTime();
    loop.execute(
        () -> {
          IoLoop.Alarm alarm = loop.alarm(rings::release);
          alarm.set(3_000_000_000L);
          alarm.set(2_000_000);
          made.complete(alarm);
        });
    rings.acquire();
    long after = System.nanoTime();
    CountDownLatch turned = new CountDownLatch(1);
    loop.execute(
        () -> {
          made.join().set(1);
          made.join().clear();
          loop.alarm(rings::release).set(0);
        });
    rings.acquire();
    loop.execute(turned::countDown);
    turned.await();

    assertTrue(after - before >= 2_000_000);
    assertEquals(0, rings.availablePermits());
  }

  @Test
  void cancelledAlarmIsSilent() throws Exception {
    AtomicInteger old = new AtomicInteger();
    Semaphore fresh = new Semaphore(0);
    loop.execute(
        () -> {
          IoLoop.Alarm alarm = loop.alarm(old::incrementAndGet);
          alarm.set(0);
          alarm.cancel();
          loop.alarm(fresh::release).set(1_000_000);
        });
    fresh.acquire();

    assertEquals(0, old.get());
  }

  /** Neither side may sleep while the other has work: 100,000 chains over both notifications. */
  @Test
  void noNotificationIsLostBetweenDriverAndDevice() throws Exception {
    noNotificationIsLost(8, false);
  }

  /** The same while the driver is asked to gather chains, and often has fewer. */
  @Test
  void noChainIsForgottenThatIsFewerThanWereToBeGathered() throws Exception {
    noNotificationIsLost(128, true);
  }

  private void noNotificationIsLost(int size, boolean gathers) throws Exception {
    try (GuestRam ram = new GuestRam();
        EventFd kick = EventFd.create();
        EventFd interrupt = EventFd.create()) {
      DriverSideQueue driver = new DriverSideQueue(ram, size);
      VirtioInterrupts interrupts = new SignalInterrupts(interrupt);
      DeviceQueue queue = new DeviceQueue(0, driver.deviceSide(), kick, interrupts);
      Semaphore interrupted = new Semaphore(0);
      QueuePump pump =
          new QueuePump(queue, new Echo(queue, gathers), reason -> crash.complete(fail(reason)));
      loop.watch(interrupt, interrupted::release);
      pump.start(loop);

      int returned = 0;
      int added = 0;
      while (returned < 100_000) {
        // With long stretches of many chains at a time, and of few.
        int most = gathers ? 1 + (returned / 5000 * 7) % 64 : size;
        while (added - returned < most) {
          int before = driver.availableIndex();
          driver.add(DriverSideQueue.writable(0x10_0000, 4));
          added++;
          VarHandle.fullFence();
          if (needsKick(driver.availEvent(), before, driver.availableIndex())) {
            kick.signal();
          }
        }
        driver.setUsedEvent(returned);
        VarHandle.fullFence();
        while (!driver.hasUsed()) {
          assertTrue(interrupted.tryAcquire(30, TimeUnit.SECONDS), "The device went to sleep");
        }
        while (driver.hasUsed()) {
          driver.nextUsed();
          returned++;
        }
      }

      assertFalse(crash.isDone());
    }
  }

  private static boolean needsKick(int event, int before, int after) {
    return ((after - event - 1) & 0xFFFF) < ((after - before) & 0xFFFF);
  }

  private static Throwable fail(String reason) {
    return new AssertionError(reason);
  }

  private record SignalInterrupts(EventFd event) implements VirtioInterrupts {
    @Override
    public void queue(int index) {
      event.signal();
    }

    @Override
    public void direct(int index, @Nullable DirectListener listener) {
      throw new AssertionError("This process serves the queue");
    }

    @Override
    public void config() {
      throw new AssertionError("Nothing changes its configuration");
    }
  }

  private static final class Echo implements QueuePump.Handler {
    private final DescriptorChain chain;
    private final boolean gathers;

    Echo(DeviceQueue queue, boolean gathers) {
      this.chain = queue.ring().newChain();
      this.gathers = gathers;
    }

    @Override
    public boolean gathers() {
      return gathers;
    }

    @Override
    public DescriptorChain nextChain() {
      return chain;
    }

    @Override
    public long handle(DescriptorChain request) {
      return request.writableBytes();
    }
  }
}
