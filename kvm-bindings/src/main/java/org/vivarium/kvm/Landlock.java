package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.vivarium.kvm.ffi.Linux;

/**
 * The files that a thread, and all that it starts, may still use (Linux, {@code
 * Documentation/userspace-api/landlock.rst}); everything else is refused with EACCES, and nothing
 * can take that away again. Also, as far as the kernel can: no signals to processes outside, no
 * abstract Unix sockets of theirs, no Unix sockets at paths that are not named here.
 *
 * <p>Mounting is refused, and so is looking into processes outside, by ptrace(2) or /proc. What is
 * open already stays usable. One thread at a time.
 */
public final class Landlock {
  /** What may be done with a file, or with all below a folder. */
  public enum Access {
    /** Read it. */
    READ,
    /** Read it and execute it. */
    EXECUTE,
    /** Read it and write it; files in a folder that are there already. */
    WRITE,
    /** Use a device, its ioctls included. */
    DEVICE,
    /** Write to files that are there, and connect to Unix sockets. */
    CONNECT,
    /** All that makes a folder one's own: make and remove files, folders and Unix sockets. */
    OWN
  }

  // Newer than the oldest headers that Vivarium is built with (linux/landlock.h).
  private static final long TRUNCATE = 1L << 14;
  private static final long IOCTL_DEV = 1L << 15;
  private static final long RESOLVE_UNIX = 1L << 16;
  private static final long SCOPE_ABSTRACT_UNIX_SOCKET = 1;
  private static final long SCOPE_SIGNAL = 2;

  private static final int ABI_TRUNCATE = 3;
  private static final int ABI_IOCTL_DEV = 5;
  private static final int ABI_SCOPES = 6;

  /** From this version of Landlock on, Unix sockets at paths are restricted too (Linux 7.1). */
  public static final int ABI_UNIX_SOCKETS = 9;

  /** {@code struct landlock_ruleset_attr} since ABI 6: files, network, scopes, 64 bits each. */
  private static final int RULESET_SIZE = 24;

  private static final int RULESET_SIZE_FIRST = 8;
  private static final int RULESET_SCOPES = 16;

  private final Map<Path, Long> rules = new LinkedHashMap<>();

  /** Makes rules that allow nothing. */
  public Landlock() {}

  /** The version of Landlock that the kernel has; 0 if it has none, or it is turned off. */
  public static int abi() {
    long version =
        NativeCalls.call(
            Linux.SYS_landlock_create_ruleset(), 0, 0, Linux.LANDLOCK_CREATE_RULESET_VERSION());
    return (int) Math.max(0, version);
  }

  /**
   * Gives up, for the calling thread and all that it starts, privileges that a program which it
   * executes would bring (prctl(2), PR_SET_NO_NEW_PRIVS).
   */
  public static void forbidNewPrivileges() throws KvmException {
    KvmException.check(
        NativeCalls.call(Linux.SYS_prctl(), Linux.PR_SET_NO_NEW_PRIVS(), 1, 0, 0, 0, 0),
        "give up new privileges");
  }

  /**
   * Allows something for a file or all below a folder, beside what is allowed already. What is not
   * there when the rules take hold is left out.
   */
  public Landlock allow(Path path, Access access) {
    rules.merge(path, rights(access), (a, b) -> a | b);
    return this;
  }

  private static long rights(Access access) {
    long read = Linux.LANDLOCK_ACCESS_FS_READ_FILE() | Linux.LANDLOCK_ACCESS_FS_READ_DIR();
    long write = read | Linux.LANDLOCK_ACCESS_FS_WRITE_FILE() | TRUNCATE;
    return switch (access) {
      case READ -> read;
      case EXECUTE -> read | Linux.LANDLOCK_ACCESS_FS_EXECUTE();
      case WRITE -> write;
      case DEVICE -> write | IOCTL_DEV;
      case CONNECT -> write | RESOLVE_UNIX;
      // No symbolic links: who follows them later may be less confined.
      case OWN ->
          write
              | RESOLVE_UNIX
              | Linux.LANDLOCK_ACCESS_FS_MAKE_REG()
              | Linux.LANDLOCK_ACCESS_FS_MAKE_DIR()
              | Linux.LANDLOCK_ACCESS_FS_MAKE_SOCK()
              | Linux.LANDLOCK_ACCESS_FS_REMOVE_FILE()
              | Linux.LANDLOCK_ACCESS_FS_REMOVE_DIR();
    };
  }

  /** Every right over files that a version of Landlock can restrict. */
  static long handled(int abi) {
    long all =
        rights(Access.OWN)
            | rights(Access.EXECUTE)
            | IOCTL_DEV
            | Linux.LANDLOCK_ACCESS_FS_MAKE_CHAR()
            | Linux.LANDLOCK_ACCESS_FS_MAKE_FIFO()
            | Linux.LANDLOCK_ACCESS_FS_MAKE_BLOCK()
            | Linux.LANDLOCK_ACCESS_FS_MAKE_SYM();
    // Linking and renaming between folders (REFER) is refused by every version, asked or not.
    return all
        & ~(abi < ABI_TRUNCATE ? TRUNCATE : 0)
        & ~(abi < ABI_IOCTL_DEV ? IOCTL_DEV : 0)
        & ~(abi < ABI_UNIX_SOCKETS ? RESOLVE_UNIX : 0);
  }

  /** What of some rights there is to allow for a file, or for a folder. */
  static long applicable(long rights, boolean folder, int abi) {
    long some = rights & handled(abi);
    long ofFiles =
        Linux.LANDLOCK_ACCESS_FS_EXECUTE()
            | Linux.LANDLOCK_ACCESS_FS_READ_FILE()
            | Linux.LANDLOCK_ACCESS_FS_WRITE_FILE()
            | TRUNCATE
            | IOCTL_DEV
            | RESOLVE_UNIX;
    return folder ? some : some & ofFiles;
  }

  /**
   * Restricts the calling thread and all that it starts from now on; threads that run already are
   * not. It has given up new privileges before.
   *
   * @throws KvmException ENOSYS or EOPNOTSUPP if the kernel has no Landlock
   */
  public void restrictThisThread() throws KvmException {
    int abi = abi();
    try (Arena scratch = Arena.ofConfined();
        FileDescriptor ruleset = new FileDescriptor(create(scratch, abi))) {
      KernelStruct rule = new KernelStruct(scratch, LinuxLayouts.LandlockPathBeneathAttr.SIZE);
      for (Map.Entry<Path, Long> entry : rules.entrySet()) {
        add(ruleset, entry.getKey(), entry.getValue(), abi, rule);
      }
      KvmException.check(
          NativeCalls.call(Linux.SYS_landlock_restrict_self(), ruleset.fd(), 0),
          "restrict the files of a thread");
    }
  }

  private static int create(Arena scratch, int abi) throws KvmException {
    KernelStruct attributes = new KernelStruct(scratch, RULESET_SIZE);
    attributes.putLong(0, handled(abi));
    boolean scopes = abi >= ABI_SCOPES;
    if (scopes) {
      attributes.putLong(RULESET_SCOPES, SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL);
    }
    // SAFETY: attributes has at least as many bytes as are named, and lives until the call returns.
    return (int)
        KvmException.check(
            NativeCalls.call(
                Linux.SYS_landlock_create_ruleset(),
                attributes.address(),
                scopes ? RULESET_SIZE : RULESET_SIZE_FIRST,
                0),
            "make a set of Landlock rules");
  }

  private static void add(
      FileDescriptor ruleset, Path path, long rights, int abi, KernelStruct rule)
      throws KvmException {
    long fd = NativeCalls.open(path, Linux.O_PATH() | Linux.O_CLOEXEC());
    if (fd == -Errno.ENOENT || fd == -Errno.ENOTDIR || fd == -Errno.EACCES) {
      return;
    }
    KvmException.check(fd, "open " + path);
    try (FileDescriptor file = new FileDescriptor((int) fd)) {
      long allowed = applicable(rights, Files.isDirectory(path), abi);
      rule.putLong(LinuxLayouts.LandlockPathBeneathAttr.ALLOWED_ACCESS, allowed);
      rule.putInt(LinuxLayouts.LandlockPathBeneathAttr.PARENT_FD, file.fd());
      // SAFETY: rule is a whole struct landlock_path_beneath_attr that the caller keeps alive.
      KvmException.check(
          NativeCalls.call(
              Linux.SYS_landlock_add_rule(),
              ruleset.fd(),
              Linux.LANDLOCK_RULE_PATH_BENEATH(),
              rule.address(),
              0),
          "allow " + path);
    }
  }
}
