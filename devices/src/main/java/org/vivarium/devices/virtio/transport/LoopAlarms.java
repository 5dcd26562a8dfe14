package org.vivarium.devices.virtio.transport;

import java.util.ArrayList;
import java.util.List;

/**
 * The alarms of one loop: when the next is due, and what is to run then. On the loop's thread; a
 * loop none of whose alarms is set spends one comparison a turn on them.
 */
final class LoopAlarms {
  private final List<LoopAlarm> all = new ArrayList<>();
  private int set;

  private final class LoopAlarm implements IoLoop.Alarm {
    private final Runnable callback;
    private boolean isSet;

    /** On {@link System#nanoTime}'s clock. */
    private long due;

    LoopAlarm(Runnable callback) {
      this.callback = callback;
    }

    @Override
    public void set(long nanos) {
      due = System.nanoTime() + nanos;
      if (!isSet) {
        isSet = true;
        set++;
      }
    }

    @Override
    public void clear() {
      if (isSet) {
        isSet = false;
        set--;
      }
    }

    @Override
    public void cancel() {
      clear();
      all.remove(this);
    }
  }

  IoLoop.Alarm add(Runnable callback) {
    LoopAlarm alarm = new LoopAlarm(callback);
    all.add(alarm);
    return alarm;
  }

  /** Nanoseconds until the first is due, 0 if one is; -1 if none is set. */
  long untilNext() {
    if (set == 0) {
      return -1;
    }
    long now = System.nanoTime();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < all.size(); i++) {
      LoopAlarm alarm = all.get(i);
      if (alarm.isSet) {
        least = Math.min(least, alarm.due - now);
      }
    }
    return Math.max(0, least);
  }

  /** Runs those that are due. */
  void runDue() {
    if (set == 0) {
      return;
    }
    long now = System.nanoTime();
    // By index, so that it allocates nothing; a callback that takes one off only delays others.
    for (int i = 0; i < all.size(); i++) {
      LoopAlarm alarm = all.get(i);
      if (alarm.isSet && alarm.due - now <= 0) {
        alarm.clear();
        alarm.callback.run();
      }
    }
  }
}
