package org.vivarium.app.lab;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.vivarium.app.bench.BenchException;
import org.vivarium.images.ImageException;
import org.vivarium.images.oci.ImageProcess;

/**
 * What the steps of a comparison share.
 *
 * @param workload the process that is compared
 * @param note takes a sentence for the report
 */
record Setting(
    Plan plan,
    Equipment equipment,
    Scratch scratch,
    Results results,
    ImageProcess workload,
    Consumer<String> note) {

  /** A process of the image's shell, which has nothing to do with the workload's entry point. */
  ImageProcess shell(String script) throws ImageException {
    return process(List.of("sh", "-c", script));
  }

  /** A process of the image. */
  ImageProcess process(List<String> words) throws ImageException {
    return equipment.image().command(words);
  }

  /** Runs a script of the image's shell to its end, and returns the lines that it printed. */
  List<Capture.Line> output(Ground ground, String script, Extras extras, Duration patience)
      throws BenchException, ImageException, InterruptedException {
    try (Running running = ground.start(shell(script), extras)) {
      running.end(patience);
      return running.capture().lines();
    }
  }

  /** Does fixed amounts of work one after the other and takes their times. */
  void work(Ground ground, String prelude, List<Work> works, Extras extras)
      throws BenchException, ImageException, InterruptedException {
    List<Capture.Line> lines =
        output(ground, Work.script(prelude, works), extras, plan.patience().multipliedBy(3));
    Map<Work, Double> times = Work.times(works, lines);
    for (Work work : works) {
      Double millis = times.get(work);
      Optional<String> failure = work.failure(lines);
      if (failure.isPresent()) {
        note.accept(
            "%s, %s: no figure, for it failed there. %s"
                .formatted(ground.side().title(), work.title(), failure.get())
                .strip());
      } else if (millis != null) {
        results.add(work.id(), ground, millis, work.shown(prelude));
      } else if (results.isCounting()) {
        note.accept(
            "%s, %s: not every round has a figure, for this computer was too busy to tell its lines"
                    .formatted(ground.side().title(), work.title())
                + " apart.");
      }
    }
  }

  /** A server on the host would open its ports to the network. */
  void avoidPorts(Ground ground) throws BenchException {
    if (ground.side() == Side.HOST
        && !equipment.image().description().config().exposedPorts().isEmpty()) {
      throw new BenchException(
          "The workload was not started there: it would open its ports to the network.");
    }
  }
}
