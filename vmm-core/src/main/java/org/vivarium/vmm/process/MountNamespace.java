package org.vivarium.vmm.process;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Confines a program to its files where the kernel has no Landlock: a shell makes itself a user, a
 * mount and mostly a network namespace, builds a root folder of the allowed files alone, leaves the
 * host's and becomes the program (docs/decisions/0015).
 *
 * <p>The program's process is the shell's, with its number, its user and its open files, and
 * without capabilities. Files have the names that they have outside.
 */
final class MountNamespace {
  /** What the shell executes once it is inside, so that these files have to be allowed. */
  static final List<String> PROGRAMS = List.of("umount", "unshare", "setpriv");

  private static final long PATIENCE_SECONDS = 10;

  private static final List<String> UNSHARE =
      List.of("unshare", "--user", "--map-root-user", "--mount");

  private static final String NETWORK = "--net";

  /** Words: the user, the group. Does in short what {@link #SCRIPT} does. */
  private static final String PROBE =
      """
      PATH=$PATH:/usr/sbin:/sbin
      command -v pivot_root && mount -t tmpfs vivarium /tmp || exit 1
      [ "$1" = 0 ] && exec setpriv --bounding-set=-all --inh-caps=-all true
      exec unshare --user --map-user="$1" --map-group="$2" true
      """;

  /**
   * Words: the user, the group, an empty folder, the working folder, three for each step, {@code
   * --}, the program.
   *
   * <p>Mounting needs user 0, so that another user becomes itself again in a second namespace,
   * whose map it writes to its own folder of {@code /proc}. Root stays root, without capabilities.
   */
  private static final String SCRIPT =
      """
      set -eu
      trap 'echo "The process cannot be confined by a mount namespace;" \\
        "set VIVARIUM_SANDBOX=off to start it all the same." >&2' EXIT
      PATH=$PATH:/usr/sbin:/sbin
      user=$1 group=$2 root=$3 folder=$4
      shift 4
      mask=$(umask)
      umask 077
      mount -t tmpfs -o mode=755,size=1m vivarium "$root"
      while [ "$1" != -- ]; do
        kind=$1 option=$2 path=$3
        shift 3
        parent=$path
        [ "$kind" = folder ] || parent=${path%/*}
        [ -d "$root$parent" ] || mkdir -p "$root$parent"
        case $kind in
          link) ln -s "$option" "$root$path"; continue ;;
          file) [ -e "$root$path" ] || : >"$root$path" ;;
        esac
        mount -o "$option" "$path" "$root$path"
      done
      shift
      [ "$user" = 0 ] || mount --bind /proc/$$ "$root/proc/$$"
      mkdir -p "$root/old"
      mount -o remount,bind,ro,nosuid,nodev "$root"
      cd "$root"
      pivot_root . old
      cd "$folder"
      umount -n -l /old
      umask "$mask"
      if [ "$user" = 0 ]; then
        exec setpriv --bounding-set=-all --inh-caps=-all "$@"
      fi
      exec unshare --user --map-user="$user" --map-group="$group" "$@"
      """;

  private MountNamespace() {}

  /** Whether this computer lets this user do it. Takes some milliseconds. */
  static boolean isAvailable() {
    try {
      List<String> command = new ArrayList<>(UNSHARE);
      command.addAll(List.of(NETWORK, "sh", "-c", PROBE, "probe", id("uid"), id("gid")));
      Process probe =
          new ProcessBuilder(command)
              .redirectInput(Redirect.from(new File("/dev/null")))
              .redirectOutput(Redirect.DISCARD)
              .redirectError(Redirect.DISCARD)
              .start();
      try {
        return probe.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) && probe.exitValue() == 0;
      } finally {
        probe.destroyForcibly();
      }
    } catch (IOException _) {
      return false;
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /**
   * The words that start a program confined.
   *
   * @param root an empty folder that is not among the allowed ones; others may use it, too
   * @param folder the program's working folder
   * @param network whether the program shares the host's network
   * @throws IOException if it cannot be seen what is mounted
   */
  static List<String> command(
      AllowedFiles files, Path root, Path folder, boolean network, List<String> program)
      throws IOException {
    List<String> command = new ArrayList<>(UNSHARE);
    if (!network) {
      command.add(NETWORK);
    }
    command.addAll(List.of("sh", "-c", SCRIPT, "confine", id("uid"), id("gid")));
    command.add(root.toString());
    command.add(folder.toString());
    for (MountPlan.Step step : MountPlan.of(files, HostMount.all()).steps()) {
      command.add(step.kind().name().toLowerCase(Locale.ROOT));
      command.add(step.option());
      command.add(step.path().toString());
    }
    command.add("--");
    command.addAll(program);
    return command;
  }

  private static String id(String which) throws IOException {
    return Files.getAttribute(Path.of("/proc/self"), "unix:" + which).toString();
  }
}
