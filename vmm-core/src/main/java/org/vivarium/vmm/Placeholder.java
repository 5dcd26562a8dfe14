package org.vivarium.vmm;

/** Skeleton. */
public final class Placeholder {
  private Placeholder() {}
}
