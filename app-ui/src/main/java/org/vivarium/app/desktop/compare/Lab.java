package org.vivarium.app.desktop.compare;

import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.vivarium.app.lab.Listener;
import org.vivarium.app.lab.Plan;
import org.vivarium.app.lab.Report;
import org.vivarium.app.lab.Side;

/** Where comparisons are made. Its methods block and are called by background threads. */
public interface Lab {
  /**
   * What this computer offers.
   *
   * @param runc whether containers can be started
   * @param hardware whether machines run by hardware virtualization
   * @param more sides beside the usual ones that can be compared
   * @param processors numbers of those that all sides can be pinned to; empty if they cannot
   */
  record Offer(boolean runc, boolean hardware, Set<Side> more, List<Integer> processors) {
    /** Copies the collections. */
    public Offer {
      more = Set.copyOf(more);
      processors = List.copyOf(processors);
    }
  }

  /** What this computer offers. */
  Offer offer() throws Exception;

  /**
   * Makes a comparison.
   *
   * @param plan its memory is the least: an image may need more
   * @param listener hears on this thread
   * @param ending is given, once or again, what ends the comparison early with what it has by then;
   *     any thread may run that
   */
  Report compare(Plan plan, Listener listener, Consumer<Runnable> ending) throws Exception;
}
