package org.vivarium.devices.virtio.blk;

import java.io.IOException;

/**
 * Holds what a guest writes while its host has no room for it, until somebody has made room: the
 * guest learns of no error.
 *
 * <p>Of one activation of a disk. A worker that finds no room waits here; {@link #open} has it try
 * again, {@link #end} gives up. Any thread.
 */
final class FullHost {
  private final Runnable tell;
  private boolean told;
  private boolean ended;
  private int openings;

  /**
   * @param tell told when requests begin to be held; does not block
   */
  FullHost(Runnable tell) {
    this.tell = tell;
  }

  /** Whether a failure is the host's lack of room, which passes. */
  static boolean isCauseOf(IOException e) {
    String message = String.valueOf(e.getMessage());
    return message.contains("No space left") || message.contains("Disk quota exceeded");
  }

  /**
   * Holds the calling thread.
   *
   * @return whether to try again; false if the disk is being reset
   */
  synchronized boolean hold() {
    if (!told && !ended) {
      told = true;
      tell.run();
    }
    int before = openings;
    while (openings == before && !ended) {
      try {
        wait();
      } catch (InterruptedException e) {
        // Nobody interrupts a worker: an interrupt would close the image's file channel.
        throw new IllegalStateException("A disk worker was interrupted", e);
      }
    }
    return !ended;
  }

  /** Has all that is held tried again; what finds no room then is told anew. */
  synchronized void open() {
    openings++;
    told = false;
    notifyAll();
  }

  /** Fails all that is held, and all that would be from now on. */
  synchronized void end() {
    ended = true;
    notifyAll();
  }
}
