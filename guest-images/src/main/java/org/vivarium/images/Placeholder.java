package org.vivarium.images;

/** Skeleton. */
public final class Placeholder {
  private Placeholder() {}
}
