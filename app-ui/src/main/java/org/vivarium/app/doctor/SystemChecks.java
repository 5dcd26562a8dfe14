package org.vivarium.app.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The computer itself: Java, kernel, memory, disk, limits. */
final class SystemChecks {
  private static final String SECTION = "This computer";
  private static final int OLDEST_JAVA = 25;

  /** The oldest kernel that the tests run on. */
  private static final int OLDEST_MAJOR = 6;

  private static final int OLDEST_MINOR = 1;
  private static final long MIB = 1L << 20;
  private static final long LEAST_MEMORY_MIB = 512;
  private static final long LEAST_DISK_MIB = 1024;
  private static final long LEAST_FILES = 1024;
  private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+).*", Pattern.DOTALL);
  private static final Pattern AVAILABLE = Pattern.compile("(?m)^MemAvailable:\\s+(\\d+) kB");
  private static final Pattern FILES = Pattern.compile("(?m)^Max open files\\s+\\S+\\s+(\\d+)");

  private SystemChecks() {}

  static List<Finding> all(Host host, String javaVersion, String dataFolder) {
    List<Finding> findings = new ArrayList<>();
    findings.add(java(javaVersion));
    findings.add(kernel(host));
    findings.add(memory(host));
    findings.add(disk(host, dataFolder));
    findings.add(files(host));
    findings.add(cgroups(host));
    findings.add(landlock(host));
    findings.add(userNamespaces(host));
    findings.add(ioUring(host));
    return findings;
  }

  private static Finding java(String version) {
    Matcher matcher = Pattern.compile("(\\d+).*").matcher(version);
    boolean fits = matcher.matches() && Integer.parseInt(matcher.group(1)) >= OLDEST_JAVA;
    return fits
        ? Finding.ok(SECTION, "Java", version)
        : Finding.missing(
            SECTION,
            "Java",
            version + " is too old",
            "Set JAVA_HOME to a JDK " + OLDEST_JAVA + " or newer.");
  }

  private static Finding kernel(Host host) {
    String release = host.read("/proc/sys/kernel/osrelease").orElse("unknown").strip();
    Matcher matcher = VERSION.matcher(release);
    if (!matcher.matches()) {
      return Finding.note(SECTION, "Kernel", release, "");
    }
    int major = Integer.parseInt(matcher.group(1));
    int minor = Integer.parseInt(matcher.group(2));
    boolean tried = major > OLDEST_MAJOR || (major == OLDEST_MAJOR && minor >= OLDEST_MINOR);
    return tried
        ? Finding.ok(SECTION, "Kernel", "Linux " + release)
        : Finding.note(
            SECTION,
            "Kernel",
            "Linux " + release + " is older than any that Vivarium was tried on",
            "Linux " + OLDEST_MAJOR + "." + OLDEST_MINOR + " or newer is what the tests run on.");
  }

  private static Finding memory(Host host) {
    Matcher matcher = AVAILABLE.matcher(host.read("/proc/meminfo").orElse(""));
    if (!matcher.find()) {
      return Finding.note(SECTION, "Memory", "cannot be read from /proc/meminfo", "");
    }
    long mib = Long.parseLong(matcher.group(1)) / 1024;
    return mib >= LEAST_MEMORY_MIB
        ? Finding.ok(SECTION, "Memory", mib + " MiB are available")
        : Finding.note(
            SECTION,
            "Memory",
            "only " + mib + " MiB are available",
            "Close other programs, or give machines little memory with --memory.");
  }

  private static Finding disk(Host host, String folder) {
    long mib = host.freeBytes(folder) / MIB;
    return mib >= LEAST_DISK_MIB
        ? Finding.ok(SECTION, "Disk", mib + " MiB are free for " + folder)
        : Finding.note(
            SECTION,
            "Disk",
            "only " + mib + " MiB are free for " + folder,
            "Free some space, or set VIVARIUM_HOME to a folder with more.");
  }

  private static Finding files(Host host) {
    Matcher matcher = FILES.matcher(host.read("/proc/self/limits").orElse(""));
    if (!matcher.find()) {
      return Finding.ok(SECTION, "Open files", "not limited");
    }
    long limit = Long.parseLong(matcher.group(1));
    return limit >= LEAST_FILES
        ? Finding.ok(SECTION, "Open files", "up to " + limit)
        : Finding.note(
            SECTION,
            "Open files",
            "only " + limit + " are allowed",
            "Raise the hard limit 'nofile' in /etc/security/limits.conf.");
  }

  private static Finding cgroups(Host host) {
    String subject = "Control groups";
    Optional<String> controllers = host.read("/sys/fs/cgroup/cgroup.controllers");
    if (controllers.isPresent() && controllers.get().contains("memory")) {
      return Finding.ok(SECTION, subject, "version 2");
    }
    return Finding.note(SECTION, subject, "version 2 is not in charge of memory", "");
  }

  private static Finding landlock(Host host) {
    int version = host.landlock();
    if (version > 0) {
      return Finding.ok(
          SECTION,
          "Landlock",
          "version %d: machines' processes open their own files only".formatted(version));
    }
    return host.mountNamespace()
        ? Finding.ok(
            SECTION,
            "Landlock",
            "is off: machines' processes open their own files only by a mount namespace each")
        : Finding.note(
            SECTION,
            "Landlock",
            "is off, and user namespaces are closed: a guest that breaks out of its machine has"
                + " your files",
            "Add landlock to the lsm= list of the kernel's command line.");
  }

  private static Finding userNamespaces(Host host) {
    String subject = "User namespaces";
    boolean off =
        is(host, "/proc/sys/user/max_user_namespaces", "0")
            || is(host, "/proc/sys/kernel/unprivileged_userns_clone", "0")
            || is(host, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1");
    return off
        ? Finding.note(SECTION, subject, "are closed to unprivileged users", "")
        : Finding.ok(SECTION, subject, "are open to unprivileged users");
  }

  private static Finding ioUring(Host host) {
    String path = "/proc/sys/kernel/io_uring_disabled";
    String value = host.read(path).orElse("0").strip();
    return value.equals("0")
        ? Finding.ok(SECTION, "io_uring", "is on")
        : Finding.note(
            SECTION,
            "io_uring",
            "is restricted (io_uring_disabled=" + value + ")",
            "sudo sysctl kernel.io_uring_disabled=0");
  }

  private static boolean is(Host host, String path, String value) {
    return host.read(path).map(String::strip).filter(value::equals).isPresent();
  }
}
