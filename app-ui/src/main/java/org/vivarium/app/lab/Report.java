package org.vivarium.app.lab;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vivarium.app.bench.HostDescription;
import org.vivarium.app.bench.Samples;

/**
 * What a comparison found; complete in itself.
 *
 * @param date when it began, ISO 8601
 * @param host the computer
 * @param hostBoot the boot id of the computer's kernel
 * @param conditions what else bears on the figures, sentences
 * @param subject what was run
 * @param runs rounds that were counted
 * @param rows the quantities, in the order of the measures
 * @param series their values
 * @param timelines where the time of a start goes
 * @param findings of the isolation's probes
 * @param verdicts on what is often quoted
 * @param notes what could not be measured and why, sentences
 * @param command repeats the comparison
 */
public record Report(
    String date,
    HostDescription host,
    String hostBoot,
    List<String> conditions,
    Subject subject,
    int runs,
    List<Row> rows,
    List<Series> series,
    List<Timeline> timelines,
    List<Finding> findings,
    List<Verdict> verdicts,
    List<String> notes,
    String command) {
  /** Copies the lists. */
  public Report {
    conditions = List.copyOf(conditions);
    rows = List.copyOf(rows);
    series = List.copyOf(series);
    timelines = List.copyOf(timelines);
    findings = List.copyOf(findings);
    verdicts = List.copyOf(verdicts);
    notes = List.copyOf(notes);
  }

  /**
   * What was run.
   *
   * @param image as the user named it
   * @param id of the image, SHA-256
   * @param words of the workload's process
   * @param kernel of the machine's guest
   * @param cpus processors, or their worth of time
   * @param memoryMib budget
   */
  public record Subject(
      String image, String id, List<String> words, String kernel, int cpus, int memoryMib) {
    /** Copies the list. */
    public Subject {
      words = List.copyOf(words);
    }
  }

  /**
   * A quantity.
   *
   * @param id such as "cpu.integer"
   * @param unit "ms" or "MiB"
   * @param explanation what exactly, a phrase; may be empty
   */
  public record Row(Measure measure, String id, String title, String unit, String explanation) {}

  /**
   * The values of a quantity on one side, in the order of the rounds.
   *
   * @param row its id
   * @param comparable whether the side is what it claims to be: a machine in software emulation is
   *     not
   * @param executed what was started, as words of a shell; empty for what is not started
   * @param command repeats the measurement
   */
  public record Series(
      String row,
      Side side,
      List<Double> values,
      boolean comparable,
      String executed,
      String command) {
    /** Copies the list. */
    public Series {
      values = List.copyOf(values);
    }

    /** The values, to be reckoned with. */
    public Samples samples() {
      return new Samples(values);
    }
  }

  /**
   * Where the time of a start goes.
   *
   * @param stages in their order
   */
  public record Timeline(Side side, List<Stage> stages, boolean comparable) {
    /** Copies the list. */
    public Timeline {
      stages = List.copyOf(stages);
    }
  }

  /**
   * A part of a start.
   *
   * @param title what happens in it
   * @param millis how long it takes, the median
   */
  public record Stage(String title, double millis) {}

  /**
   * What a probe found.
   *
   * @param question for people
   * @param answers by side
   * @param meaning for a person who runs software that is not to be trusted
   */
  public record Finding(String id, String question, Map<Side, String> answers, String meaning) {
    /** Copies the map. */
    public Finding {
      answers = Map.copyOf(answers);
    }
  }

  /**
   * What is often quoted, and what was found.
   *
   * @param row the quantity that it is about
   * @param quote the claim
   * @param marks where the claim puts values, by what they are
   * @param sentence what was found
   */
  public record Verdict(String row, String quote, Map<String, Double> marks, String sentence) {
    /** Copies the map. */
    public Verdict {
      marks = Map.copyOf(marks);
    }
  }

  /** The same report with verdicts. */
  Report judged(List<Verdict> found) {
    return new Report(
        date,
        host,
        hostBoot,
        conditions,
        subject,
        runs,
        rows,
        series,
        timelines,
        findings,
        found,
        notes,
        command);
  }

  /** A value with its unit, as every form of a report writes it. */
  public static String figure(double value, String unit) {
    return Figures.text(value, unit);
  }

  /** The command that repeats one measure of the comparison on all its sides. */
  public String command(Measure measure) {
    return command.replaceFirst("--measures \\S+", "--measures " + measure.id());
  }

  /** The rows of a measure. */
  public List<Row> rows(Measure measure) {
    return rows.stream().filter(row -> row.measure() == measure).toList();
  }

  /** The series of a row, one for each side that has it. */
  public List<Series> series(String row) {
    return series.stream().filter(one -> one.row().equals(row)).toList();
  }

  /** The series of a row on a side. */
  public Optional<Series> series(String row, Side side) {
    return series(row).stream().filter(one -> one.side() == side).findFirst();
  }
}
