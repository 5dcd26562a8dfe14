package org.vivarium.vmm.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.Landlock.Access;

/**
 * What to make in an empty root folder so that it has allowed files and no others, under the names
 * that they have on the host: folders and files of the host's mounted there, and symbolic links.
 *
 * <p>As with Landlock, what is allowed for a folder is allowed for all in it, and what does not
 * exist is left out. Otherwise than with Landlock, who may write to files in a folder may make and
 * remove files there as well.
 *
 * @param steps in the order in which they are taken
 */
record MountPlan(List<Step> steps) {
  /** As many links as the kernel follows in one path. */
  private static final int MAX_LINKS = 40;

  /** One thing to make. */
  enum Kind {
    /** Mount the host's folder of this path here, with options. */
    FOLDER,
    /** Mount the host's file or device of this path here, with options. */
    FILE,
    /** Change the options of what came with a folder, mounted in it. */
    OPTIONS,
    /** Make a symbolic link; the option is what it says. */
    LINK
  }

  /**
   * One thing to make.
   *
   * @param option mount(8)'s {@code -o}, or what a link says
   * @param path absolute, the same on the host as in the root folder
   */
  record Step(Kind kind, String option, Path path) {}

  /** How a file, or all in a folder, may be used; reading is always allowed. */
  private record Rights(boolean write, boolean execute) {
    static Rights of(Set<Access> some) {
      return new Rights(
          some.stream().anyMatch(one -> one != Access.READ && one != Access.EXECUTE),
          some.contains(Access.EXECUTE));
    }

    Rights and(@Nullable Rights other) {
      return other == null ? this : new Rights(write || other.write, execute || other.execute);
    }
  }

  /** Copies the list. */
  MountPlan {
    steps = List.copyOf(steps);
  }

  /**
   * Makes the plan for this computer's files as they are now.
   *
   * @param host what is mounted
   */
  static MountPlan of(AllowedFiles files, Collection<HostMount> host) {
    SortedMap<Path, Rights> places = new TreeMap<>();
    SortedMap<Path, Path> links = new TreeMap<>();
    for (Map.Entry<Path, Set<Access>> rule : files.rules().entrySet()) {
      Path real = follow(rule.getKey(), links);
      if (real != null) {
        places.merge(real, Rights.of(rule.getValue()), Rights::and);
      }
    }
    List<Step> steps = new ArrayList<>();
    SortedMap<Path, Rights> mounted = new TreeMap<>();
    for (Map.Entry<Path, Rights> place : places.entrySet()) {
      Rights around = around(place.getKey(), mounted);
      Rights rights = place.getValue().and(around);
      if (!rights.equals(around)) {
        mounted.put(place.getKey(), rights);
        mount(place.getKey(), rights, host, steps);
      }
    }
    links.keySet().removeIf(link -> around(link, mounted) != null);
    links.forEach((link, says) -> steps.add(new Step(Kind.LINK, says.toString(), link)));
    return new MountPlan(steps);
  }

  /** What is allowed for the nearest folder around a path that is mounted; null if none is. */
  private static @Nullable Rights around(Path path, Map<Path, Rights> mounted) {
    Rights nearest = null;
    for (Path folder = path.getParent();
        folder != null && nearest == null;
        folder = folder.getParent()) {
      nearest = mounted.get(folder);
    }
    return nearest;
  }

  /**
   * Finds what a path leads to.
   *
   * @param links the symbolic links on the way, with what they say, are added
   * @return a path without links; null if it leads nowhere
   */
  private static @Nullable Path follow(Path path, Map<Path, Path> links) {
    Path rest = path.toAbsolutePath().normalize();
    for (int followed = 0; followed <= MAX_LINKS; followed++) {
      Path link = firstLink(rest);
      if (link == null) {
        return Files.exists(rest) ? rest : null;
      }
      try {
        Path says = Files.readSymbolicLink(link);
        links.put(link, says);
        rest = link.resolveSibling(says).resolve(link.relativize(rest)).normalize();
      } catch (IOException _) {
        return null;
      }
    }
    return null;
  }

  private static @Nullable Path firstLink(Path path) {
    for (int names = 1; names <= path.getNameCount(); names++) {
      Path part = path.getRoot().resolve(path.subpath(0, names));
      if (Files.isSymbolicLink(part)) {
        return part;
      }
    }
    return null;
  }

  private static void mount(
      Path place, Rights rights, Collection<HostMount> host, List<Step> steps) {
    boolean folder = Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS);
    Set<String> restrictions = new TreeSet<>(Set.of("nosuid"));
    if (!rights.write()) {
      restrictions.add("ro");
    }
    if (!rights.execute()) {
      restrictions.add("noexec");
    }
    if (folder || Files.isRegularFile(place, LinkOption.NOFOLLOW_LINKS)) {
      restrictions.add("nodev");
    }
    Set<String> present = Set.of();
    int nearest = -1;
    for (HostMount mount : host) {
      if (place.startsWith(mount.point()) && mount.point().getNameCount() > nearest) {
        present = mount.restrictions();
        nearest = mount.point().getNameCount();
      }
    }
    steps.add(
        new Step(folder ? Kind.FOLDER : Kind.FILE, "rbind," + both(restrictions, present), place));
    for (HostMount mount : host) {
      if (mount.point().startsWith(place) && !mount.point().equals(place)) {
        steps.add(
            new Step(
                Kind.OPTIONS,
                "remount,bind," + both(restrictions, mount.restrictions()),
                mount.point()));
      }
    }
  }

  private static String both(Set<String> some, Set<String> others) {
    Set<String> all = new TreeSet<>(some);
    all.addAll(others);
    return String.join(",", all);
  }
}
