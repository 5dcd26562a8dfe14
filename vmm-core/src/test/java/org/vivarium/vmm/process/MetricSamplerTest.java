package org.vivarium.vmm.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.MachineConfig;

/** Whom the sampler wakes up, and when. */
@Timeout(60)
class MetricSamplerTest {
  private static final int SAMPLES = 3;

  private static int questionsInThreeSamples(boolean followed) throws Exception {
    FakeMachine.Maker engine = new FakeMachine.Maker();
    MachineConfig config =
        MachineConfig.of("m", 1, 64 << 20, new BootSource(Path.of("kernel"), null, ""));
    engine.create(config, (_, _, _) -> {}, _ -> {});
    CountDownLatch taken = new CountDownLatch(SAMPLES);
    MetricRing ring = new MetricRing();
    try (MetricSampler sampler =
        new MetricSampler(
            "m",
            engine.last(),
            new MetricSampler.Size(1, config.memoryBytes()),
            ring,
            _ -> taken.countDown(),
            () -> followed)) {
      sampler.start();
      assertTrue(taken.await(30, TimeUnit.SECONDS));
      assertEquals(50, ring.last().orElseThrow().guestMemoryFree());
      return engine.last().memoryQuestions();
    }
  }

  @Test
  void guestIsAskedEachTimeWhileFollowed() throws Exception {
    assertTrue(questionsInThreeSamples(true) >= SAMPLES);
  }

  @Test
  void guestIsLeftAloneWhileNobodyFollows() throws Exception {
    assertEquals(1, questionsInThreeSamples(false));
  }
}
