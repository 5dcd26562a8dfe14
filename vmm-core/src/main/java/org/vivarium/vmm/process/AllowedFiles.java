package org.vivarium.vmm.process;

import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.vivarium.kvm.Landlock;
import org.vivarium.kvm.Landlock.Access;

/**
 * Which of the host's files a process may use, and how: the one description of which both
 * Landlock's rules and a mount namespace ({@link MountPlan}) are made. One thread at a time.
 */
final class AllowedFiles {
  private final SortedMap<Path, Set<Access>> rules = new TreeMap<>();

  /** Allows something for a file or all below a folder, beside what is allowed already. */
  AllowedFiles allow(Path path, Access access) {
    rules.computeIfAbsent(path, _ -> EnumSet.noneOf(Access.class)).add(access);
    return this;
  }

  /** What is allowed by path, a folder before what is in it. */
  SortedMap<Path, Set<Access>> rules() {
    return Collections.unmodifiableSortedMap(rules);
  }

  /** The same as rules for Landlock. */
  Landlock landlock() {
    Landlock landlock = new Landlock();
    rules.forEach((path, some) -> some.forEach(access -> landlock.allow(path, access)));
    return landlock;
  }
}
