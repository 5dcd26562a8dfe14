package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("kvm")
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KickTest {
  private static final int KICKS = 200;
  private static final String LOOP_FOR_EVER = "eb fe"; // jmp to itself

  /** Hands a thread one kick to make at a time, so that none falls together with another. */
  private static final class Kicker implements AutoCloseable {
    private final SynchronousQueue<Boolean> orders = new SynchronousQueue<>();
    private final Thread thread;

    Kicker(Runnable kick) {
      thread = Thread.ofPlatform().start(() -> obey(kick));
    }

    private void obey(Runnable kick) {
      try {
        while (orders.take()) {
          kick.run();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    void order() throws InterruptedException {
      orders.put(true);
    }

    @Override
    public void close() {
      thread.interrupt();
    }
  }

  @Test
  void kickFromAnotherThreadEndsEveryRun() throws Exception {
    try (MicroGuest guest = MicroGuest.realMode(LOOP_FOR_EVER);
        Kicker kicker = new Kicker(guest.vcpu::kick)) {
      for (int i = 0; i < KICKS; i++) {
        kicker.order();
        assertEquals(KvmRun.EXIT_INTR, guest.run());
        guest.vcpu.acknowledgeKick();
      }
    }
  }

  @Test
  void kickEndsEveryRunWhileGarbageIsCollected() throws Exception {
    try (MicroGuest guest = MicroGuest.realMode(LOOP_FOR_EVER);
        Kicker kicker =
            new Kicker(
                () -> {
                  System.gc();
                  guest.vcpu.kick();
                })) {
      for (int i = 0; i < KICKS; i++) {
        kicker.order();
        assertEquals(KvmRun.EXIT_INTR, guest.run());
        guest.vcpu.acknowledgeKick();
      }
    }
  }

  @Test
  void kickBeforeTheRunEndsIt() throws Exception {
    try (MicroGuest guest = MicroGuest.realMode(LOOP_FOR_EVER)) {
      guest.vcpu.kick();

      assertEquals(KvmRun.EXIT_INTR, guest.run());
    }
  }

  @Test
  void acknowledgedKickDoesNotEndTheNextRun() throws Exception {
    try (MicroGuest guest = MicroGuest.realMode("e6 80", "f4")) { // out 0x80, al; hlt
      guest.vcpu.kick();
      assertEquals(KvmRun.EXIT_INTR, guest.run());
      guest.vcpu.acknowledgeKick();

      assertEquals(KvmRun.EXIT_IO, guest.run());
      assertEquals(KvmRun.EXIT_HLT, guest.run());
    }
  }

  @Test
  void kickAfterCloseDoesNothing() throws Exception {
    MicroGuest guest = MicroGuest.realMode("f4"); // hlt
    guest.close();

    guest.vcpu.kick();

    assertTrue(guest.vcpu.isClosed());
  }

  @Test
  void kickAfterTheThreadEndedDoesNothing() throws Exception {
    ArrayBlockingQueue<KvmVcpu> made = new ArrayBlockingQueue<>(1);
    Thread owner =
        Thread.ofPlatform()
            .start(
                () -> {
                  try (MicroGuest guest = MicroGuest.realMode("f4")) { // hlt
                    made.add(guest.vcpu);
                  } catch (Exception e) {
                    throw new AssertionError(e);
                  }
                });
    owner.join();

    KvmVcpu left = made.take();
    for (int i = 0; i < KICKS; i++) {
      left.kick();
    }

    assertTrue(left.isClosed());
  }

  @ParameterizedTest
  @ValueSource(strings = {"eb fe", "e6 80 eb fc"}) // a tight loop; a loop of out 0x80, al
  void noRequestIsLostHoweverItFallsTogetherWithTheAcknowledgement(String program)
      throws Exception {
    AtomicInteger requests = new AtomicInteger();
    AtomicInteger served = new AtomicInteger();
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    SynchronousQueue<KvmVcpu> made = new SynchronousQueue<>();
    Thread owner =
        Thread.ofPlatform()
            .start(
                () -> {
                  try (MicroGuest guest = MicroGuest.realMode(program)) {
                    made.put(guest.vcpu);
                    while (served.get() < 2 * KICKS) {
                      if (guest.run() == KvmRun.EXIT_INTR) {
                        guest.vcpu.acknowledgeKick();
                        served.set(requests.get());
                      }
                    }
                  } catch (Exception e) {
                    failure.set(e);
                  }
                });
    KvmVcpu target = made.take();

    // Each request waits for the one before to be served, and not for the run that served it.
    for (int i = 1; i <= 2 * KICKS; i++) {
      requests.set(i);
      target.kick();
      while (served.get() < i && owner.isAlive()) {
        Thread.onSpinWait();
      }
    }
    owner.join();

    assertNull(failure.get());
    assertEquals(2 * KICKS, served.get());
  }

  @Test
  void kickReachesTheProcessorThatItIsMeantFor() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    try (MicroGuest guest = MicroGuest.realMode("e6 80 eb fc")) { // out 0x80, al; jmp to it
      SynchronousQueue<KvmVcpu> made = new SynchronousQueue<>();
      AtomicInteger interruptions = new AtomicInteger();
      Thread other =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try (KvmVcpu vcpu = guest.vm.createVcpu(1)) {
                      guest.enterRealMode(vcpu, MicroGuest.CODE);
                      made.put(vcpu);
                      while (!stop.get()) {
                        if (vcpu.run() == KvmRun.EXIT_INTR) {
                          vcpu.acknowledgeKick();
                          interruptions.incrementAndGet();
                        }
                      }
                    } catch (Exception e) {
                      throw new AssertionError(e);
                    }
                  });
      KvmVcpu second = made.take();

      for (int i = 0; i < KICKS; i++) {
        guest.vcpu.kick();
        assertEquals(KvmRun.EXIT_INTR, guest.run());
        guest.vcpu.acknowledgeKick();
        assertEquals(KvmRun.EXIT_IO, guest.run());
      }
      assertEquals(0, interruptions.get());
      stop.set(true);
      second.kick();
      other.join();
    }
  }
}
