package org.vivarium.vmm.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Something mounted on this computer (proc(5), {@code /proc/PID/mountinfo}).
 *
 * @param point where
 * @param restrictions those of its options that a user namespace cannot take away, so that whoever
 *     changes the options has to name them: {@code nodev}, {@code noexec}, {@code nosuid}, {@code
 *     ro}
 */
record HostMount(Path point, Set<String> restrictions) {
  private static final Set<String> RESTRICTIONS = Set.of("nodev", "noexec", "nosuid", "ro");
  private static final Pattern ESCAPE = Pattern.compile("\\\\([0-7]{3})");
  private static final int POINT = 4;
  private static final int OPTIONS = 5;

  /** Copies the set. */
  HostMount {
    restrictions = Set.copyOf(restrictions);
  }

  /** All that this process sees; of what is mounted in one place, the topmost. */
  static Collection<HostMount> all() throws IOException {
    return all(Files.readAllLines(Path.of("/proc/self/mountinfo"), StandardCharsets.UTF_8));
  }

  /** As {@link #all()}, from the lines of a mountinfo file. */
  static Collection<HostMount> all(List<String> lines) {
    Map<Path, HostMount> mounts = new LinkedHashMap<>();
    for (String line : lines) {
      String[] fields = line.split(" ");
      Path point = Path.of(ESCAPE.matcher(fields[POINT]).replaceAll(HostMount::character));
      Set<String> restrictions = new TreeSet<>(List.of(fields[OPTIONS].split(",")));
      restrictions.retainAll(RESTRICTIONS);
      mounts.put(point, new HostMount(point, restrictions));
    }
    return List.copyOf(mounts.values());
  }

  /** Blanks, tabs, line ends and backslashes are written as three octal digits. */
  private static String character(MatchResult escape) {
    return Matcher.quoteReplacement(Character.toString(Integer.parseInt(escape.group(1), 8)));
  }
}
