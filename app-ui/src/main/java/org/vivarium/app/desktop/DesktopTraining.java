package org.vivarium.app.desktop;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.vivarium.app.desktop.base.FxThread;
import org.vivarium.app.desktop.machines.NewMachines;
import org.vivarium.app.desktop.page.MachinePage;
import org.vivarium.app.desktop.shell.DeskModel;

/**
 * The training run of the desktop's start-up cache (JEP 514): shows every page once, with a machine
 * that is not started, so that their classes are stored loaded and linked.
 */
final class DesktopTraining {
  private static final long FRAME_MILLIS = 150;

  private DesktopTraining() {}

  /** Walks through the window; on a thread that is not JavaFX's. */
  static void run(Desktop desktop) throws InterruptedException {
    try {
      DeskModel model = desktop.model();
      onFx(() -> model.page().set(DeskModel.Page.NEW_MACHINE));
      onFx(() -> model.page().set(DeskModel.Page.IMAGES));
      onFx(
          () ->
              model
                  .machines()
                  .create(
                      NewMachines.firstLinux(NewMachines.FIRST),
                      machine -> model.show(machine, MachinePage.Part.OVERVIEW),
                      model.ui().errors()::report));
      for (MachinePage.Part part : MachinePage.Part.values()) {
        onFx(() -> model.part().set(part));
      }
      onFx(() -> model.machines().find(NewMachines.FIRST).ifPresent(machine -> machine.delete()));
    } catch (ExecutionException e) {
      throw new IllegalStateException("A page cannot be shown", e);
    }
  }

  /** Does one thing, and lets some frames be drawn. */
  private static void onFx(Runnable task) throws InterruptedException, ExecutionException {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    FxThread.run(
        () -> {
          task.run();
          done.complete(true);
        });
    done.get();
    Thread.sleep(FRAME_MILLIS);
  }
}
