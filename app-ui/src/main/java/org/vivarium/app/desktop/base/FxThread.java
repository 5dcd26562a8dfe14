package org.vivarium.app.desktop.base;

import java.util.concurrent.atomic.AtomicBoolean;
import javafx.animation.AnimationTimer;
import javafx.application.Platform;

/** The one bridge onto the JavaFX thread. */
public final class FxThread {
  private FxThread() {}

  /** Runs {@code task} on the JavaFX thread: at once if this is it, else soon. Any thread. */
  public static void run(Runnable task) {
    if (Platform.isFxApplicationThread()) {
      task.run();
    } else {
      Platform.runLater(task);
    }
  }

  /**
   * Makes a request that may be repeated from any thread, any number of times; {@code task} then
   * runs on the JavaFX thread at most once a frame.
   *
   * @param task takes in whatever has gathered
   * @return what to call when something has changed
   */
  public static Runnable coalesced(Runnable task) {
    return new Coalesced(task);
  }

  private static final class Coalesced implements Runnable {
    private final Runnable task;
    private final AtomicBoolean dirty = new AtomicBoolean();

    Coalesced(Runnable task) {
      this.task = task;
    }

    @Override
    public void run() {
      if (dirty.compareAndSet(false, true)) {
        FxThread.run(this::atNextFrame);
      }
    }

    private void atNextFrame() {
      new AnimationTimer() {
        @Override
        public void handle(long now) {
          stop();
          dirty.set(false);
          task.run();
        }
      }.start();
    }
  }
}
