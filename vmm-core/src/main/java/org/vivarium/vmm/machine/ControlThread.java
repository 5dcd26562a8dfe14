package org.vivarium.vmm.machine;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.VmmException;

/** The thread that alone owns a machine's hardware, and carries out one order after the other. */
final class ControlThread {
  private static final long LOOK_MILLIS = 100;

  /** Something for the thread to do. */
  @FunctionalInterface
  interface Order {
    void carryOut() throws VmmException, InterruptedException;
  }

  /** The machine that the thread controls. Called on the thread, {@link #isEnded} on any. */
  interface Machine {
    /** Whether the machine has ended, and the thread with it. */
    boolean isEnded();

    /** Whether {@link #look} has to be called now and then, though there is no order. */
    boolean isWatched();

    /** Looks what has become of the machine. */
    void look() throws InterruptedException;

    /** An order that nobody waited for failed: the machine cannot go on. */
    void failed(String why);
  }

  private final Machine machine;
  private final BlockingQueue<Order> orders = new LinkedBlockingQueue<>();
  private final Thread thread;

  ControlThread(String name, Machine machine) {
    this.machine = machine;
    this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** Has something done later. Any thread; does not block. */
  void post(Order order) {
    orders.add(order);
  }

  /**
   * Has something done and waits for it; nothing after the machine's end.
   *
   * @throws VmmException the order's own, or that of a defect in it
   */
  void call(Order order) throws VmmException {
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    orders.add(
        () -> {
          try {
            if (!machine.isEnded()) {
              order.carryOut();
            }
            done.complete(null);
          } catch (VmmException | RuntimeException e) {
            done.completeExceptionally(e);
          }
        });
    try {
      while (!done.isDone() && thread.isAlive()) {
        done.copy().completeOnTimeout(null, LOOK_MILLIS, TimeUnit.MILLISECONDS).get();
      }
      if (done.isCompletedExceptionally()) {
        done.get();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof VmmException cause) {
        throw cause;
      }
      throw new VmmException("The machine's control failed: " + e.getCause() + ".", e);
    }
  }

  /** Waits for the thread's end; on the thread itself it does nothing. */
  void join() {
    if (Thread.currentThread().equals(thread)) {
      return;
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      while (!machine.isEnded()) {
        Order order =
            machine.isWatched() ? orders.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS) : orders.take();
        if (order != null) {
          order.carryOut();
        }
        machine.look();
      }
    } catch (VmmException e) {
      machine.failed(e.getMessage());
    } catch (InterruptedException e) {
      machine.failed("The machine's control thread was interrupted.");
    } catch (RuntimeException | Error e) {
      machine.failed("The machine's control met a defect: " + e + ".");
    }
  }
}
