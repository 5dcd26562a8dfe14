package org.vivarium.app.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WorkTest {
  private static final Work GOOD = work("good", "true");
  private static final Work BAD = work("bad", "echo 'no such disk' >&2; false; true");
  private static final Work LAST = work("last", "true");

  private static Work work(String id, String script) {
    return new Work(Measure.DISK, id, id, "", script);
  }

  @Test
  void workThatFailsHasNoTimeAndTheOthersHave() throws Exception {
    List<Work> works = List.of(GOOD, BAD, LAST);

    List<Capture.Line> lines = printed(Work.script("X=1; ", works));

    assertEquals(Set.of(GOOD, LAST), Work.times(works, lines).keySet());
    assertEquals(Optional.of("no such disk"), BAD.failure(lines));
    assertEquals(Optional.empty(), GOOD.failure(lines));
  }

  /** The lines of a script that ends well, a nanosecond apart. */
  private static List<Capture.Line> printed(String script)
      throws IOException, InterruptedException {
    Process shell =
        new ProcessBuilder("sh", "-c", script)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String text = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, shell.waitFor());
    List<Capture.Line> lines = new ArrayList<>();
    text.lines().forEach(line -> lines.add(new Capture.Line(line, lines.size())));
    return lines;
  }
}
