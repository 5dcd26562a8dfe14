package org.vivarium.kvm;

import java.io.IOException;

/** KVM cannot be used on this computer: why, and what a person can do about it. */
public final class KvmUnavailableException extends IOException {
  private static final long serialVersionUID = 1L;

  /** The kinds of obstacle, each with its own remedy. */
  public enum Reason {
    /** There is no {@code /dev/kvm}. */
    NO_DEVICE,
    /** {@code /dev/kvm} is there, but this user may not open it. */
    NO_PERMISSION,
    /** The kernel speaks another KVM API than version 12. */
    OLD_API,
    /** The kernel's KVM lacks something that Vivarium needs. */
    MISSING_CAPABILITY,
    /** {@code /dev/kvm} is there but opening it failed in another way. */
    FAILED
  }

  private final Reason reason;
  private final String remedy;

  KvmUnavailableException(Reason reason, String what, String remedy) {
    super(what + " " + remedy);
    this.reason = reason;
    this.remedy = remedy;
  }

  /** The kind of obstacle. */
  public Reason reason() {
    return reason;
  }

  /** What to do about it, one sentence. */
  public String remedy() {
    return remedy;
  }
}
