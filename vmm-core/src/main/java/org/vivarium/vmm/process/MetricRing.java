package org.vivarium.vmm.process;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.vivarium.vmm.client.MetricSample;

/** The samples of the last 15 minutes, oldest first. Any thread. */
final class MetricRing {
  /** Most samples kept. */
  static final int CAPACITY = 900;

  private final Deque<MetricSample> samples = new ArrayDeque<>();

  synchronized void add(MetricSample sample) {
    if (samples.size() == CAPACITY) {
      samples.removeFirst();
    }
    samples.addLast(sample);
  }

  /** The first {@code most} samples that were taken after a time. */
  synchronized List<MetricSample> after(long millis, int most) {
    List<MetricSample> found = new ArrayList<>();
    for (MetricSample sample : samples) {
      if (sample.millis() > millis && found.size() < most) {
        found.add(sample);
      }
    }
    return found;
  }

  /** The newest sample. */
  synchronized Optional<MetricSample> last() {
    return Optional.ofNullable(samples.peekLast());
  }
}
