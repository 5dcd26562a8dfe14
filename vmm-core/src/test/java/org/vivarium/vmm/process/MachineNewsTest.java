package org.vivarium.vmm.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.vmm.client.Notification;
import org.vivarium.vmm.engine.MachineEvent;

class MachineNewsTest {
  private static final String LOST = "Network card net0 has lost its network: passt has ended.";
  private static final String AGAIN = "Network card net0 has its network again.";
  private static final String SLOW = "Disk data is slow.";

  @TempDir Path folder;

  private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
  private final List<Notification> pushed = new ArrayList<>();
  private MachineNews news;

  @BeforeEach
  void listen() {
    PrintStream out = new PrintStream(lines, true, StandardCharsets.UTF_8);
    EventLog log = new EventLog(folder.resolve("events.log"), out);
    news = new MachineNews(log, (_, _) -> {}, Instant.now());
    news.pushTo(pushed::add);
  }

  @Test
  void troubleThatIsOverIsNoLongerTheNewest() {
    news.on(new MachineEvent.Fault(LOST));
    assertEquals(Optional.of(LOST), news.problem());

    news.on(new MachineEvent.FaultOver(LOST, AGAIN));

    assertEquals(Optional.empty(), news.problem());
    assertTrue(lines.toString(StandardCharsets.UTF_8).contains(AGAIN));
    assertEquals(
        List.of(LOST + " true", AGAIN + " false"),
        pushed.stream().map(Notification.Logged.class::cast).map(MachineNewsTest::text).toList());
  }

  @Test
  void otherTroubleStays() {
    news.on(new MachineEvent.Fault(LOST));
    news.on(new MachineEvent.Fault(SLOW));
    news.on(new MachineEvent.FaultOver(LOST, AGAIN));

    assertEquals(Optional.of(SLOW), news.problem());
  }

  private static String text(Notification.Logged line) {
    return line.text() + " " + line.trouble();
  }
}
