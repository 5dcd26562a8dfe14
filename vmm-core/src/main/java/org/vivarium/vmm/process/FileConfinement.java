package org.vivarium.vmm.process;

import java.util.Locale;
import java.util.Map;
import org.vivarium.kvm.Landlock;
import org.vivarium.vmm.VmmException;

/** By what a VM process is kept from files that are not its own. */
enum FileConfinement {
  /** Rules of the kernel's. */
  LANDLOCK,
  /** A root folder that has no other files ({@link MountNamespace}). */
  NAMESPACE,
  /** Nothing: this computer offers neither. */
  NONE;

  private static final String FILTER = "a filter of system calls";

  /**
   * Chooses what this computer offers, or what {@link Confinement#SWITCH} asks for.
   *
   * @throws VmmException if that is not to be had
   */
  static FileConfinement choose(Map<String, String> environment) throws VmmException {
    boolean asked = environment.getOrDefault(Confinement.SWITCH, "").equals(NAMESPACE.word());
    if (!asked && Landlock.abi() > 0) {
      return LANDLOCK;
    }
    if (MountNamespace.isAvailable()) {
      return NAMESPACE;
    }
    if (asked) {
      throw new VmmException(
          ("%s=%s cannot be had here: this computer lets this user make no user and mount"
                  + " namespaces, or lacks util-linux's unshare.")
              .formatted(Confinement.SWITCH, NAMESPACE.word()));
    }
    return NONE;
  }

  /** As it stands in the environment of the process. */
  static FileConfinement ofWord(String word) {
    return valueOf(word.toUpperCase(Locale.ROOT));
  }

  /** As it stands in the environment of the process. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** What confines the process, as part of a sentence. */
  String description() {
    return switch (this) {
      case LANDLOCK -> "Landlock (version " + Landlock.abi() + ") and " + FILTER;
      case NAMESPACE -> "a mount namespace and " + FILTER;
      case NONE ->
          FILTER
              + " alone; this computer offers neither Landlock nor user namespaces, or they are"
              + " turned off, so that files are not confined";
    };
  }
}
