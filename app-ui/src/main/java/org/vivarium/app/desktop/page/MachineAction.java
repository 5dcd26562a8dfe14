package org.vivarium.app.desktop.page;

import static org.kordamp.ikonli.feather.Feather.COPY;
import static org.kordamp.ikonli.feather.Feather.FOLDER;
import static org.kordamp.ikonli.feather.Feather.LAYERS;
import static org.kordamp.ikonli.feather.Feather.PAUSE;
import static org.kordamp.ikonli.feather.Feather.PLAY;
import static org.kordamp.ikonli.feather.Feather.POWER;
import static org.kordamp.ikonli.feather.Feather.ROTATE_CW;
import static org.kordamp.ikonli.feather.Feather.TERMINAL;
import static org.kordamp.ikonli.feather.Feather.TRASH_2;
import static org.kordamp.ikonli.feather.Feather.ZAP_OFF;

import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCodeCombination;
import javafx.scene.input.KeyCombination;
import org.kordamp.ikonli.Ikon;
import org.vivarium.vmm.client.MachineSummary.State;

/** What can be done with a machine from the page's header, a context menu and the keyboard. */
public enum MachineAction {
  START(PLAY, KeyCode.ENTER),
  RESUME(PLAY, KeyCode.P),
  SHUT_DOWN(POWER, KeyCode.Q),
  PAUSE_MACHINE(PAUSE, KeyCode.P),
  RESTART(ROTATE_CW, KeyCode.R),
  FORCE_OFF(ZAP_OFF, KeyCode.K),
  COPY_SSH(TERMINAL, KeyCode.S),
  CLONE(COPY, KeyCode.D),
  TEMPLATE(LAYERS, KeyCode.T),
  OPEN_FOLDER(FOLDER, KeyCode.O),
  DELETE(TRASH_2, KeyCode.DELETE);

  private final Ikon icon;
  private final KeyCode key;

  MachineAction(Ikon icon, KeyCode key) {
    this.icon = icon;
    this.key = key;
  }

  /** Its picture. */
  public Ikon icon() {
    return icon;
  }

  /** The key of its words. */
  public String textKey() {
    return "action." + name();
  }

  /** Its keys, which no program in a terminal takes. */
  public KeyCombination keys() {
    return new KeyCodeCombination(key, KeyCombination.CONTROL_DOWN, KeyCombination.SHIFT_DOWN);
  }

  /** Whether it makes sense for several machines at once. */
  public boolean forSeveral() {
    return switch (this) {
      case COPY_SSH, CLONE, TEMPLATE, OPEN_FOLDER -> false;
      default -> true;
    };
  }

  /** Whether it makes sense for a machine in that state. */
  public boolean fits(State state) {
    return switch (this) {
      case START -> state == State.STOPPED || state == State.FAILED;
      case RESUME -> state == State.PAUSED;
      case SHUT_DOWN, PAUSE_MACHINE -> state == State.RUNNING;
      case RESTART -> state == State.RUNNING;
      case FORCE_OFF -> state == State.RUNNING || state == State.PAUSED;
      case OPEN_FOLDER -> true;
      case COPY_SSH -> state != State.BROKEN;
      case CLONE, TEMPLATE -> state == State.STOPPED || state == State.FAILED;
      case DELETE -> state == State.STOPPED || state == State.FAILED || state == State.BROKEN;
    };
  }
}
