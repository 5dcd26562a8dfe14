package org.vivarium.devices;

/** Skeleton. */
public final class Placeholder {
  private Placeholder() {}
}
