package org.vivarium.app.desktop;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import javafx.animation.AnimationTimer;
import javafx.application.Platform;
import javafx.event.Event;
import javafx.event.EventType;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.control.ToggleButton;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import org.vivarium.app.desktop.create.NewMachine;
import org.vivarium.app.desktop.machines.NewMachines;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineConnection.Console;
import org.vivarium.vmm.client.MachineConnection.ConsoleConnection;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;

/**
 * Has a guest print 100 MB on the hvc0 console that the window shows, in lines with colours, and
 * measures the longest time between two frames, how soon all of it is shown, and how soon something
 * that is typed then is answered.
 */
final class ConsoleBurst {
  private static final String NAME = "burst";
  private static final int BLOCK = 1 << 20;
  private static final int BLOCKS = 100;
  private static final long POLL_NANOS = 20_000_000;
  private static final double NANOS_PER_MILLI = 1e6;

  /** What the guest runs; it keeps hvc0 open, for its settings are forgotten when it is closed. */
  private static final String SCRIPT =
      """
      exec 3<>/dev/hvc0; stty -F /dev/hvc0 -opost
      yes "$(printf '\\033[32ma green\\033[0m line of a hundred megabytes, 0123456789 abcdefghij\\r')" \
        | head -c %d >/tmp/block
      i=0; while [ $i -lt %d ]; do cat /tmp/block; i=$((i+1)); done >&3
      printf 'the end\\r\\n' >&3; read typed <&3; printf "answer to $typed\\r\\n" >&3
      """
          .formatted(BLOCK, BLOCKS);

  private ConsoleBurst() {}

  /** Measures and prints; on a thread that is not JavaFX's. */
  static void run(Desktop desktop) throws IOException, InterruptedException, VmmException {
    VmDefinition definition =
        new VmDefinition(
            NAME,
            "",
            1,
            256,
            "auto",
            new GuestSource.Catalogue(NewMachines.TINY, ""),
            new DeviceSet(List.of(), List.of(), true, true, true, null),
            false);
    Platform.runLater(() -> desktop.model().create(new NewMachine(definition, false, 0)));
    shows(desktop, ":~#");
    Scene scene = desktop.view().getScene();
    Platform.runLater(() -> ((ToggleButton) scene.lookup("#console-VIRTIO")).fire());
    DesktopBench.await(() -> DesktopBench.shown(desktop, NAME).isBlank());
    try (MachineConnection connection = desktop.model().machines().machines().connect(NAME);
        ConsoleConnection serial = connection.openConsole(Console.SERIAL)) {
      byte[] script = SCRIPT.getBytes(StandardCharsets.UTF_8);
      serial.write(script, 0, script.length);
      Instant begun = shows(desktop, "green");
      Frames frames = new Frames();
      Platform.runLater(frames::start);
      Instant ended = shows(desktop, "the end");
      Platform.runLater(frames::stop);
      DesktopBench.print(
          "100 MB on the console %.0f ms between two frames at most", frames.longest());
      double seconds = DesktopBench.millis(begun, ended) / 1000;
      DesktopBench.print("  shown               %.1f MiB a second", BLOCKS / seconds);
      Instant typed = Instant.now();
      Platform.runLater(() -> type(scene, "me"));
      Instant answered = shows(desktop, "answer to me");
      DesktopBench.print("  typed and answered  %.0f ms", DesktopBench.millis(typed, answered));
      connection.kill();
    }
  }

  /** Waits until the console shows a text; asks seldom, not to be what is measured. */
  private static Instant shows(Desktop desktop, String text) throws InterruptedException {
    return DesktopBench.await(
        () -> {
          LockSupport.parkNanos(POLL_NANOS);
          return DesktopBench.shown(desktop, NAME).contains(text);
        });
  }

  /** As the keyboard does, to whatever has it. */
  private static void type(Scene scene, String words) {
    Node target = Objects.requireNonNull(scene.getFocusOwner());
    for (char letter : words.toCharArray()) {
      Event.fireEvent(target, key(KeyEvent.KEY_TYPED, String.valueOf(letter), KeyCode.UNDEFINED));
    }
    Event.fireEvent(target, key(KeyEvent.KEY_PRESSED, "", KeyCode.ENTER));
  }

  private static KeyEvent key(EventType<KeyEvent> type, String letter, KeyCode code) {
    return new KeyEvent(type, letter, "", code, false, false, false, false);
  }

  /** The time between frames. Belongs to the JavaFX thread but for {@link #longest}. */
  private static final class Frames extends AnimationTimer {
    private final CompletableFuture<Double> longest = new CompletableFuture<>();
    private long last;
    private long most;

    @Override
    public void handle(long now) {
      long here = System.nanoTime();
      most = last == 0 ? 0 : Math.max(most, here - last);
      last = here;
    }

    @Override
    public void stop() {
      super.stop();
      longest.complete(most / NANOS_PER_MILLI);
    }

    /** The longest time between two frames, milliseconds; waits for the end. */
    double longest() {
      return longest.join();
    }
  }
}
