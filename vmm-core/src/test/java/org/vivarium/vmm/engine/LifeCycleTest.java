package org.vivarium.vmm.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.vivarium.vmm.engine.MachineEvent.Restarted;
import org.vivarium.vmm.engine.MachineEvent.StageReached;
import org.vivarium.vmm.engine.MachineEvent.StateChanged;

@Timeout(30)
class LifeCycleTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final List<MachineEvent> heard = new ArrayList<>();

  private static void to(LifeCycle life, MachineState state) {
    switch (state) {
      case CREATED -> {}
      case RUNNING -> life.become(MachineState.RUNNING);
      case PAUSED -> {
        life.become(MachineState.RUNNING);
        life.become(MachineState.PAUSED);
      }
      case STOPPED -> life.end(new Outcome.PoweredOff());
      case FAILED -> life.end(new Outcome.Failed("It broke."));
    }
  }

  static Stream<Arguments> everyStep() {
    // The table of MachineState, written out a second time on purpose.
    Set<List<MachineState>> legal =
        Set.of(
            List.of(MachineState.CREATED, MachineState.RUNNING),
            List.of(MachineState.RUNNING, MachineState.PAUSED),
            List.of(MachineState.PAUSED, MachineState.RUNNING));
    return Stream.of(MachineState.values())
        .flatMap(
            from ->
                Stream.of(MachineState.values())
                    .filter(to -> !to.isEnd())
                    .map(to -> Arguments.of(from, to, legal.contains(List.of(from, to)))));
  }

  @ParameterizedTest
  @MethodSource("everyStep")
  void stepIsTakenWhenTheTableAllowsIt(MachineState from, MachineState to, boolean legal) {
    LifeCycle life = new LifeCycle("test", _ -> {});
    to(life, from);

    boolean taken = life.become(to);

    assertEquals(legal, taken);
    assertEquals(legal ? to : from, life.state());
    life.end(new Outcome.Killed());
  }

  static Stream<Arguments> everyEnd() {
    return Stream.of(MachineState.CREATED, MachineState.RUNNING, MachineState.PAUSED)
        .flatMap(
            from ->
                Stream.of(
                    Arguments.of(from, new Outcome.PoweredOff(), MachineState.STOPPED),
                    Arguments.of(from, new Outcome.Killed(), MachineState.STOPPED),
                    Arguments.of(from, new Outcome.Panicked("x"), MachineState.FAILED),
                    Arguments.of(from, new Outcome.Failed("x."), MachineState.FAILED)));
  }

  @ParameterizedTest
  @MethodSource("everyEnd")
  void endIsReachedOnceFromEveryLivingState(MachineState from, Outcome how, MachineState end)
      throws InterruptedException {
    LifeCycle life = new LifeCycle("test", heard::add);
    to(life, from);

    assertTrue(life.end(how));
    assertFalse(life.end(new Outcome.Failed("Too late.")));
    life.join(PATIENCE);

    assertEquals(end, life.state());
    assertEquals(Optional.of(how), life.await(Duration.ZERO));
    assertEquals(new StateChanged(from, end), heard.getLast());
  }

  @Test
  void becomeWhenGivenAnEndThrows() {
    LifeCycle life = new LifeCycle("test", _ -> {});

    assertThrows(IllegalArgumentException.class, () -> life.become(MachineState.STOPPED));
    assertThrows(IllegalArgumentException.class, () -> life.become(MachineState.FAILED));

    life.end(new Outcome.Killed());
  }

  @Test
  void eventsAreHeardInOrderOnOneThreadAndPanicBeforeTheEnd() {
    List<String> threads = new ArrayList<>();
    LifeCycle life =
        new LifeCycle(
            "test",
            event -> {
              heard.add(event);
              threads.add(Thread.currentThread().getName());
            });

    life.reached(BootStage.MACHINE_BUILT, 1);
    life.become(MachineState.RUNNING);
    life.reached(BootStage.FIRST_INSTRUCTION, 2);
    life.fault("A disk is slow.");
    life.faultOver("A disk is slow.", "The disk is fast again.");
    life.end(new Outcome.Panicked("no init"));
    life.reached(BootStage.USER_SPACE, 3);
    life.join(PATIENCE);

    assertEquals(
        List.of(
            new StageReached(BootStage.MACHINE_BUILT, 1),
            new StateChanged(MachineState.CREATED, MachineState.RUNNING),
            new StageReached(BootStage.FIRST_INSTRUCTION, 2),
            new MachineEvent.Fault("A disk is slow."),
            new MachineEvent.FaultOver("A disk is slow.", "The disk is fast again."),
            new MachineEvent.Panicked("no init"),
            new StateChanged(MachineState.RUNNING, MachineState.FAILED)),
        heard);
    assertEquals(Set.of("test events"), Set.copyOf(threads));
  }

  @Test
  void stageIsReportedOnceUntilTheRestart() {
    LifeCycle life = new LifeCycle("test", heard::add);
    life.reached(BootStage.PROMPT, 1);
    life.reached(BootStage.PROMPT, 2);
    life.restarted("The guest asked.");
    life.reached(BootStage.PROMPT, 3);
    life.end(new Outcome.Killed());
    life.join(PATIENCE);

    assertEquals(new StageReached(BootStage.PROMPT, 1), heard.get(0));
    assertEquals(new Restarted("The guest asked."), heard.get(1));
    assertEquals(BootStage.MACHINE_BUILT, ((StageReached) heard.get(2)).stage());
    assertEquals(BootStage.FIRST_INSTRUCTION, ((StageReached) heard.get(3)).stage());
    assertEquals(new StageReached(BootStage.PROMPT, 3), heard.get(4));
  }

  @Test
  void restartByAPersonIsNoRestartedEvent() {
    LifeCycle life = new LifeCycle("test", heard::add);
    life.restarted(null);
    life.end(new Outcome.Killed());
    life.join(PATIENCE);

    assertTrue(heard.stream().noneMatch(Restarted.class::isInstance));
  }

  @Test
  void awaitWhenTheMachineLivesIsEmptyAfterTheTimeout() throws InterruptedException {
    LifeCycle life = new LifeCycle("test", _ -> {});

    assertEquals(Optional.empty(), life.await(Duration.ofMillis(1)));

    life.end(new Outcome.Killed());
  }

  @Test
  void awaitForEverReturnsWhenTheMachineEnds() throws InterruptedException {
    LifeCycle life = new LifeCycle("test", _ -> {});
    Thread.ofPlatform().start(() -> life.end(new Outcome.PoweredOff()));

    Optional<Outcome> outcome = life.await(Duration.ofSeconds(Long.MAX_VALUE));

    assertEquals(Optional.of(new Outcome.PoweredOff()), outcome);
  }

  @Test
  void listenerThatThrowsStillHearsTheRest() {
    LifeCycle life =
        new LifeCycle(
            "test",
            event -> {
              heard.add(event);
              throw new IllegalStateException("The listener is broken.");
            });
    life.become(MachineState.RUNNING);
    life.end(new Outcome.Killed());
    life.join(PATIENCE);

    assertEquals(2, heard.size());
  }

  @Test
  void listenerMayEndTheMachineAndJoin() {
    AtomicReference<LifeCycle> life = new AtomicReference<>();
    CountDownLatch ready = new CountDownLatch(1);
    life.set(
        new LifeCycle(
            "test",
            event -> {
              heard.add(event);
              awaitQuietly(ready);
              life.get().end(new Outcome.Killed());
              life.get().join(PATIENCE);
            }));
    ready.countDown();
    life.get().become(MachineState.RUNNING);
    life.get().join(PATIENCE);

    assertEquals(
        List.of(
            new StateChanged(MachineState.CREATED, MachineState.RUNNING),
            new StateChanged(MachineState.RUNNING, MachineState.STOPPED)),
        heard);
  }

  @Test
  void floodOfRestartsWaitsForTheListenerAndTheEndDoesNot() throws InterruptedException {
    CountDownLatch open = new CountDownLatch(1);
    LifeCycle life =
        new LifeCycle(
            "test",
            event -> {
              awaitQuietly(open);
              heard.add(event);
            });
    Thread guest =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!life.state().isEnd()) {
                    life.restarted("Again.");
                  }
                });
    while (guest.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }

    life.end(new Outcome.Killed());
    assertTrue(guest.join(PATIENCE));
    open.countDown();
    life.join(PATIENCE);

    assertTrue(heard.size() <= LifeCycle.MAX_PENDING + 3, () -> "Kept " + heard.size());
    assertEquals(new StateChanged(MachineState.CREATED, MachineState.STOPPED), heard.getLast());
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
