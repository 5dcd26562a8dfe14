package org.vivarium.app.desktop.page;

import java.util.ArrayList;
import java.util.List;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.base.Units;
import org.vivarium.app.desktop.chart.Series;
import org.vivarium.app.desktop.chart.TimeChart;
import org.vivarium.app.desktop.machines.Point;

/** The charts of a machine: the same quantity has the same colour in each. */
final class Charts {
  private static final double MIB = 1 << 20;

  private Charts() {}

  static TimeChart.Spec cpu(Ui ui) {
    return new TimeChart.Spec(ui.text("chart.cpu"), true, false, 0.1, Units::percent);
  }

  static List<Series> cpuSeries(Ui ui) {
    return List.of(
        new Series(ui.text("series.guest"), "series-guest", Point::guestCpu),
        new Series(ui.text("series.vmm"), "series-vmm", Point::vmmCpu));
  }

  static TimeChart.Spec guestMemory(Ui ui) {
    return new TimeChart.Spec(ui.text("chart.guestMemory"), false, true, 64 * MIB, Units::bytes);
  }

  static List<Series> guestMemorySeries(Ui ui) {
    return List.of(
        new Series(ui.text("series.total"), "series-total", Point::guestTotal),
        new Series(ui.text("series.used"), "series-guest", Point::guestUsed),
        new Series(ui.text("series.caches"), "series-caches", Point::guestCaches));
  }

  static TimeChart.Spec hostMemory(Ui ui) {
    return new TimeChart.Spec(ui.text("chart.hostMemory"), true, true, 64 * MIB, Units::bytes);
  }

  static List<Series> hostMemorySeries(Ui ui) {
    return List.of(
        new Series(ui.text("series.guestRam"), "series-host", Point::hostRam),
        new Series(ui.text("series.vmm"), "series-vmm", Point::hostVmm));
  }

  static TimeChart.Spec disk(Ui ui) {
    return new TimeChart.Spec(ui.text("chart.disk"), false, true, MIB, Units::bytesPerSecond);
  }

  static List<Series> diskSeries(Ui ui) {
    return List.of(
        new Series(ui.text("series.read"), "series-disk", Point::diskRead),
        new Series(ui.text("series.write"), "series-disk-out", Point::diskWrite));
  }

  static TimeChart.Spec network(Ui ui) {
    return new TimeChart.Spec(ui.text("chart.network"), false, true, 16384, Units::bytesPerSecond);
  }

  static List<Series> networkSeries(Ui ui) {
    return List.of(
        new Series(ui.text("series.in"), "series-net", Point::netIn),
        new Series(ui.text("series.out"), "series-net-out", Point::netOut));
  }

  static TimeChart.Spec exits(Ui ui) {
    return new TimeChart.Spec(ui.text("chart.exits"), true, false, 100, Units::count);
  }

  /** One series for each reason, and one for all that is left. */
  static List<Series> exitSeries(Ui ui, List<String> reasons) {
    List<Series> series = new ArrayList<>();
    for (int i = 0; i < reasons.size(); i++) {
      String reason = reasons.get(i);
      series.add(new Series(reason, "series-exit-" + i, p -> p.exits().getOrDefault(reason, 0.0)));
    }
    series.add(
        new Series(
            ui.text("series.otherExits"),
            "series-exit-other",
            p -> {
              double rest = p.exitsPerSecond();
              for (String reason : reasons) {
                rest -= p.exits().getOrDefault(reason, 0.0);
              }
              return Math.max(0, rest);
            }));
    return series;
  }
}
