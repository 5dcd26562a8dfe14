package org.vivarium.app.desktop.shell;

import java.util.Comparator;
import org.vivarium.app.desktop.base.Settings.Order;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.machines.Point;
import org.vivarium.vmm.client.MachineSummary.State;

/** The orders in which machines are listed. */
final class MachineOrder {
  private MachineOrder() {}

  /** How machines compare as they are now; those that compare alike by name. */
  static Comparator<MachineModel> of(Order order) {
    Comparator<MachineModel> name =
        Comparator.comparing(MachineModel::name, String.CASE_INSENSITIVE_ORDER)
            .thenComparing(MachineModel::name);
    return switch (order) {
      case NAME -> name;
      case STATE ->
          Comparator.<MachineModel>comparingInt(m -> rank(m.state().get())).thenComparing(name);
      case CPU -> most(Point::cpu).thenComparing(name);
      case MEMORY -> most(Point::hostTotal).thenComparing(name);
    };
  }

  private static Comparator<MachineModel> most(java.util.function.ToDoubleFunction<Point> figure) {
    return Comparator.<MachineModel>comparingDouble(
            machine ->
                MachineModel.isActive(machine.state().get())
                    ? machine.history().latest().map(figure::applyAsDouble).orElse(0.0)
                    : -1)
        .reversed();
  }

  /** What needs a person first, then what runs. */
  private static int rank(State state) {
    return switch (state) {
      case FAILED, BROKEN -> 0;
      case STARTING -> 1;
      case RUNNING -> 2;
      case PAUSED -> 3;
      case STOPPED -> 4;
    };
  }
}
