package org.vivarium.kvm;

/** Skeleton. */
public final class Placeholder {
  private Placeholder() {}
}
