package org.vivarium.app;

/** Skeleton. */
public final class Placeholder {
  private Placeholder() {}
}
