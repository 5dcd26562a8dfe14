package org.vivarium.app.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Children;
import org.vivarium.app.doctor.LinuxHost;
import org.vivarium.images.BootImage;
import org.vivarium.images.oci.Identity;
import org.vivarium.images.oci.ImageConfig;
import org.vivarium.images.oci.OciStore;
import org.vivarium.images.oci.StoredImage;

@Timeout(60)
class ComparisonTest {
  private static final List<String> STAYS = List.of("sh", "-c", "echo ready; exec sleep 600");

  @TempDir Path folder;
  private final Children children = new Children();
  private final List<String> order = new ArrayList<>();
  private final Map<Side, ShellGround> grounds = new EnumMap<>(Side.class);
  private final List<String> said = new ArrayList<>();
  private @Nullable Comparison comparison;
  private String cancelAt = "never";

  @BeforeEach
  void makeImage() throws IOException {
    Path programs = Files.createDirectories(folder.resolve("rootfs/bin"));
    for (String program : List.of("sh", "true")) {
      Files.createFile(programs.resolve(program));
      assertTrue(programs.resolve(program).toFile().setExecutable(true));
    }
  }

  private Report run(List<String> words, int runs, Measure... measures) throws Exception {
    Plan plan =
        new Plan(
            "image",
            words,
            EnumSet.copyOf(List.of(measures)),
            EnumSet.of(Side.HOST, Side.CONTAINER, Side.MACHINE, Side.QEMU),
            runs,
            1,
            256,
            Duration.ofSeconds(30),
            false,
            "");
    Equipment equipment = equipment();
    Comparison made = new Comparison(plan, equipment, new Heard(), (side, scratch) -> open(side));
    comparison = made;
    return made.run();
  }

  private Equipment equipment() {
    StoredImage image =
        new StoredImage(
            folder,
            new StoredImage.Description(
                "0123456789abcdef",
                new ImageConfig(List.of(), List.of(), List.of(), "/", "", List.of()),
                new Identity(0, List.of(0), "/root"),
                1,
                1,
                1,
                1,
                List.of()));
    return new Equipment(
        new LinuxHost(),
        children,
        UnaryOperator.identity(),
        image,
        OciStore.Form.ARCHIVE,
        new BootImage(folder, folder, "", "6.1"),
        true);
  }

  private Ground open(Side side) throws BenchException {
    if (side == Side.QEMU) {
      throw new BenchException("QEMU is not there.");
    }
    ShellGround ground = new ShellGround(side, children, order);
    grounds.put(side, ground);
    return ground;
  }

  private final class Heard implements Listener {
    @Override
    public void began(String sentence) {
      said.add(sentence);
      if (sentence.contains(cancelAt) && comparison != null) {
        comparison.cancel();
      }
    }

    @Override
    public void measured(Report.Row row, Side side, double value) {
      said.add(row.id() + " " + side.id());
    }

    @Override
    public void noted(String sentence) {
      said.add(sentence);
    }
  }

  private void assertAllEnded() {
    grounds
        .values()
        .forEach(
            ground -> {
              assertTrue(ground.closed);
              ground.started.forEach(running -> assertFalse(running.child().isAlive()));
            });
  }

  @Test
  void roundsAlternateAndTheFirstDoesNotCount() throws Exception {
    Report report = run(STAYS, 2, Measure.START, Measure.STOP);

    assertEquals("host container vm container host host container vm", String.join(" ", order));
    assertEquals(2, report.series("start.first", Side.CONTAINER).orElseThrow().values().size());
    assertEquals(2, report.series("stop.once", Side.MACHINE).orElseThrow().values().size());
    assertFalse(report.series("start.first", Side.MACHINE).orElseThrow().comparable());
    assertAllEnded();
  }

  @Test
  void whatIsNoTimeOrTakesLongHasThreeRoundsOfFive() {
    assertEquals(new Rounds(false, 3, 1), Rounds.of(Measure.MEMORY, 5));
    assertEquals(new Rounds(false, 6, 0), Rounds.of(Measure.NEIGHBOUR, 10));
    assertEquals(new Rounds(false, 1, 0), Rounds.of(Measure.NEIGHBOUR, 1));
    assertEquals(new Rounds(true, 5, 2), Rounds.of(Measure.START, 5));
  }

  @Test
  void aSideThatIsNotThereIsNamedAndTheOthersAreMeasured() throws Exception {
    Report report = run(STAYS, 1, Measure.SIZE);

    assertEquals(List.of("QEMU is not there."), report.notes());
    assertEquals(3, report.series("size.packed").size());
    assertTrue(report.series().stream().allMatch(Report.Series::comparable));
  }

  @Test
  void aWorkloadThatPrintsNothingIsSaidSo() throws Exception {
    Report report = run(List.of("sh", "-c", "echo broken >&2; exit 3"), 1, Measure.START);

    assertTrue(
        report
            .notes()
            .contains(
                "Container (runc): The workload ended before it printed anything."
                    + " It said: broken"),
        report.notes()::toString);
    assertEquals(List.of(), report.series());
    assertAllEnded();
  }

  @Test
  void whatWasMeasuredBeforeACancelIsKept() throws Exception {
    cancelAt = "round 2";

    Report report = run(STAYS, 5, Measure.START, Measure.RUN);

    assertEquals(1, report.series("start.first", Side.HOST).orElseThrow().values().size());
    assertTrue(report.series("run.true", Side.HOST).isEmpty());
    assertTrue(report.notes().contains("The comparison was ended before it was complete."));
    assertAllEnded();
  }

  @Test
  void onlyABusyNeighbourIsTriedWhereNothingLimitsTheOthers() throws Exception {
    Report report = run(STAYS, 1, Measure.NEIGHBOUR);

    assertEquals(
        List.of("neighbour.slowdown"), report.rows().stream().map(Report.Row::id).toList());
    assertEquals(2, report.series("neighbour.slowdown").size());
    assertTrue(
        report
            .notes()
            .contains(
                "Machine (Vivarium): \"Noisy neighbour\" is not measured, for in software emulation"
                    + " it would say nothing."),
        report.notes()::toString);
    assertTrue(
        report
            .notes()
            .contains(
                "Process on the host: neither a memory hog nor a fork bomb was tried, for nothing"
                    + " limits them there."),
        report.notes()::toString);
    assertAllEnded();
  }

  @Test
  void theScriptsOfTheProbesAreAnswered() throws Exception {
    Report report = run(STAYS, 1, Measure.CPU, Measure.ISOLATION);

    for (Work probe : Work.PROCESSOR) {
      assertEquals(
          1, report.series(probe.id(), Side.HOST).orElseThrow().values().size(), probe.id());
    }
    Report.Finding boot =
        report.findings().stream().filter(one -> one.id().equals("boot")).findFirst().orElseThrow();
    assertEquals(report.hostBoot(), boot.answers().get(Side.CONTAINER));
    Report.Finding panic =
        report.findings().stream()
            .filter(one -> one.id().equals("panic"))
            .findFirst()
            .orElseThrow();
    assertEquals("not tried: it runs on the host's own", panic.answers().get(Side.MACHINE));
    assertTrue(
        report.verdicts().stream()
            .anyMatch(verdict -> verdict.sentence().contains("the host's own running kernel")));
  }

  @Test
  void aDiskIsReadAndWrittenAndInstancesAreMade() throws Exception {
    Report report = run(STAYS, 1, Measure.CREATE, Measure.DISK);

    assertEquals(List.of("QEMU is not there."), report.notes());
    for (Work work : Work.DISK) {
      assertEquals(3, report.series(work.id()).size(), work.id());
    }
    assertEquals(List.of(2.0), report.series("create.full", Side.MACHINE).orElseThrow().values());
    assertTrue(report.series("create.full", Side.MACHINE).orElseThrow().comparable());
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of("rootfs"), left.map(path -> path.getFileName().toString()).toList());
    }
  }

  @Test
  void theScriptsFitIntoAKernelCommandLine() {
    for (String script :
        List.of(
            Work.script("", Work.PROCESSOR),
            Work.script("D=/dev/vda; ", Work.DISK),
            IsolationProbe.wholeScript(false))) {
      // 2047 characters, less those of Tiny Linux and of the word around the script.
      assertTrue(script.length() * 4 / 3 < 2047 - 350, () -> script.length() + " characters");
    }
  }

  @Test
  void nothingToMeasureIsOneSentence() {
    Plan plan =
        new Plan(
            "image",
            STAYS,
            EnumSet.of(Measure.SIZE),
            EnumSet.of(Side.QEMU),
            1,
            1,
            256,
            Duration.ZERO,
            false,
            "");
    Equipment equipment = equipment();

    BenchException refused =
        assertThrows(
            BenchException.class,
            () ->
                new Comparison(plan, equipment, new Heard(), (side, scratch) -> open(side)).run());

    assertEquals("Nothing can be measured here. QEMU is not there.", refused.getMessage());
  }
}
